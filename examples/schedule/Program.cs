// A schedule written by hand: which of the demo model's 16 branches each of ten evaluations computes (#) and which it reuses (.).
// Two columns are a block: its attention, then its MLP.
using L2c;
using L2c.Model.Caching;

const string all = "################", middle = "####......######", attentions = "#.#.#.#.#.#.#.#.";
string[] rows = [all, middle, all, middle, middle, all, attentions, all, attentions, all];
bool[][] computes = [.. rows.Select(row => row.Select(branch => branch == '#').ToArray())];
EvaluationRole[] roles = [.. rows.Select(row => row == all ? EvaluationRole.Refresh : EvaluationRole.Cache)];
CacheSchedule schedule = new(roles, computes);
Console.WriteLine(schedule);

using LoadedModel model = LoadedModel.Open();
CacheRequest cache = new() { Own = new OwnSchedule("by hand", schedule) };
SampleResult result = model.Sample(new SampleRequest { Steps = "10", Count = 8, Cache = cache });
result.WritePng("schedule.png", overwrite: true);
Console.WriteLine($"schedule.png: {result.Cost!.ReusedBranches} branches reused, {1 - result.Cost.MacRatio:P1} of the MACs saved");

// As a file it is for the command line, too: l2c sample --steps 10 --cache schedule.json
File.WriteAllBytes("schedule.json", ScheduleJson.From(schedule, model.Architecture.Name, result.Job.Sampler.Name).ToUtf8());
