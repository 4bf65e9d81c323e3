// Trains a router for the demo model on the built-in pictures, then samples with it: router/router.safetensors, router.png.
// The argument is the number of optimisation steps, 300 unless given: a few minutes on two cores.
using L2c;

RouterTrainingRequest request = new()
{
    MaxSteps = args.Length == 0 ? 300 : int.Parse(args[0]),
    Batch = 4,
    LearningRate = 4e-2, // published: 1e-3, but in 20,000 steps; fewer steps move the logits as far only at a higher rate
    Folder = "router",
    Anew = true,
};
Progress<TrainingProgress> progress = new(at => Console.Error.Write(at.Step > 0 && at.Step % 50 == 0 ? $"step {at.Step} of {at.MaxSteps}\n" : ""));
using OpenedModel opened = OpenedModel.Open();
RouterTrainingResult trained = RouterTraining.Run(opened, DeviceChoice.Auto(), request, progress);
Console.WriteLine($"{trained.StepsDone} steps of {trained.StepMs:0} ms, loss {trained.Loss:0.0000}, {trained.ReusedShare:P1} of the branches reused");

using LoadedModel model = LoadedModel.Open();
SampleResult result = model.Sample(new SampleRequest { Count = 8, Cache = new CacheRequest { Router = trained.RouterPath } });
result.WritePng("router.png", overwrite: true);
Console.WriteLine($"router.png: {1 - result.Cost!.MacRatio:P1} of the MACs saved");
