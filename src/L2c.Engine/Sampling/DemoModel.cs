namespace L2c.Cli.Sampling;

/// <summary>The model and the router that come with the program: what runs when nothing is named.</summary>
internal static class DemoModel
{
    /// <summary>Respacing that the router was trained for.</summary>
    public const string Steps = "20";

    /// <summary>The built-in pictures that the model was trained on, as <c>--data</c> names them.</summary>
    public const string Data = "shapes";

    /// <summary>The checkpoint.</summary>
    public static string Path => Beside("shapes-dit8.safetensors");

    /// <summary>Its router.</summary>
    public static string RouterPath => Beside("shapes-dit8-router20.safetensors");

    /// <summary>
    /// What is cached when the user says nothing about caching: the demo model with its sampler uses its router, compared with the run without
    /// unless the user says how many images to make or to compute together: a comparison takes sixteen batches.
    /// </summary>
    /// <returns>Null where the router does not belong to the run.</returns>
    public static CacheRequest? CacheOf(SampleRequest request) =>
        request is { Checkpoint: null, Steps: Steps, Sampler: "ddim", Eta: null or 0 }
            ? new CacheRequest { Router = RouterPath, Compare = request is { Count: null, Batch: null, Noise: null, TorchNoise: false } }
            : null;

    private static string Beside(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "models", file);
}
