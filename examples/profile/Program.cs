// Where the time of a batch goes: the kinds of ops that take longest in the demo model with its router, and a trace of all ops for Perfetto.
using L2c;

using LoadedModel model = LoadedModel.Open();
SampleRequest request = new() { Batch = 8, Cache = new CacheRequest { Router = DemoModel.RouterPath } };
ProfileResult profile = model.Profile(request, repeat: 3);
Console.WriteLine($"{profile.Images} images, {profile.Evaluations} evaluations: {profile.RunMs:0.0} ms on {profile.Facts.Device}");
foreach (KindRow row in profile.Ops.Take(8))
{
    string rate = row.Total.Gflops is { } gflops ? $"{gflops,7:0.0} GFLOP/s" : $"{row.Total.GbPerSecond,7:0.0} GB/s";
    Console.WriteLine($"{row.Total.Ms,8:0.00} ms {row.Total.Share,6:P1} {rate,-15} {row.Op}, {row.Place}");
}

using FileStream trace = File.Create("trace.json");
profile.WriteTrace(trace);
Console.WriteLine("trace.json: open it in Perfetto (ui.perfetto.dev)");
