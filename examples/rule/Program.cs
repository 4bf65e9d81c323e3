// A caching rule of one's own, for any network and any number of steps, against built-in ones: what it saves and how far the samples are from those without caching.
using L2c;
using L2c.Model.Caching;

using LoadedModel model = LoadedModel.Open();
float[] full = model.Sample(new SampleRequest { Count = 8 }).Samples;
Show(new CacheRequest { Own = new OwnSchedule("fading", Fading) });
Show(new CacheRequest { Rule = "top:4" });
Show(new CacheRequest { Router = DemoModel.RouterPath });

// While the picture is noise, cache evaluations reuse every branch, later the attentions alone: even branches are attentions, odd ones MLPs.
static CacheSchedule Fading(IReadOnlyList<EvaluationRole> roles, int branches) =>
    CacheSchedule.Reusing(roles, branches, (evaluation, branch) => evaluation < roles.Count / 2 || branch % 2 == 0);

void Show(CacheRequest cache)
{
    SampleResult result = model.Sample(new SampleRequest { Count = 8, Cache = cache });
    double error = result.Samples.Zip(full, (a, b) => Math.Pow(a - b, 2)).Sum(), norm = full.Sum(a => Math.Pow(a, 2));
    Console.WriteLine($"{1 - result.Cost!.MacRatio,6:P1} of the MACs saved, relative L2 {Math.Sqrt(error / norm):0.000}: {result.Cost.Cache}");
}
