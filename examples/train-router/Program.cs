// Trains a router for the demo model on the built-in pictures, then samples with it: router/router.safetensors, router.png.
// The argument is the number of optimisation steps, 400 unless given.
using L2c;

RouterTrainingRequest request = new()
{
    MaxSteps = args.Length == 0 ? 400 : int.Parse(args[0]),
    Batch = 4,
    LearningRate = 2e-2, // higher than published, since the run is short
    Lambda = 5e-6, // what a computed branch costs: more of it reuses more
    Folder = "router",
    Anew = true,
};
using OpenedModel opened = OpenedModel.Open();
RouterTrainingResult trained = RouterTraining.Run(opened, DeviceChoice.Auto(), request);
Console.WriteLine($"{trained.StepsDone} steps of {trained.StepMs:0} ms, loss {trained.Loss:0.0000}, {trained.ReusedShare:P1} of the branches reused");

using LoadedModel model = LoadedModel.Open();
SampleResult result = model.Sample(new SampleRequest { Count = 8, Cache = new CacheRequest { Router = trained.RouterPath } });
result.WritePng("router.png", overwrite: true);
Console.WriteLine($"router.png: {1 - result.Cost!.MacRatio:P1} of the MACs saved");
