// Samples eight pictures with the demo model and its router, and writes them as one labelled picture, sample.png.
using L2c;

using LoadedModel model = LoadedModel.Open(); // a published checkpoint: LoadedModel.Open("DiT-XL-2-256x256.pt")
SampleRequest request = new() { Count = 8, Cache = new CacheRequest { Router = DemoModel.RouterPath } };
SampleResult result = model.Sample(request);
result.WritePng("sample.png", overwrite: true);
Console.WriteLine($"sample.png: {result.Job.Count} images in {result.Times.SampleMs:0} ms on {result.Facts.Device}");
Console.WriteLine($"{result.Cost!.ReusedBranches} of {result.Cost.CacheBranches} branches reused, {1 - result.Cost.MacRatio:P1} of the MACs saved");
