using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>One evaluation of a sampler, with weights as a grid of 20 has them in its middle.</summary>
internal sealed record SamplerCase(SamplerPrediction Prediction, LinearUpdate[] Updates)
{
    private static readonly SamplerPrediction _prediction = new() { InputToX0 = 1.6f, EpsToX0 = 1.25f };

    /// <summary>What a run adds that keeps its predictions.</summary>
    public static LinearUpdate KeepX0 { get; } = new(SamplerState.X0) { X0 = 1 };

    public static SamplerCase Ddim { get; } = new(_prediction, [new(SamplerState.X) { X0 = 0.72f, Eps = 0.69f }, KeepX0]);

    public static SamplerCase ClippedWithNoise { get; } = new(
        _prediction with { ClipX0 = true }, [new(SamplerState.X) { X0 = 0.72f, Eps = 0.6f, Noise = 0.3f }, KeepX0]);

    public static SamplerCase Ddpm { get; } = new(
        _prediction with { LearnedVariance = true, MinLogVariance = -4.5f, MaxLogVariance = -4.1f },
        [new(SamplerState.X) { X0 = 0.05f, X = 0.94f, Noise = 1 }, KeepX0]);

    /// <summary>The second evaluation of a singlestep solver: the network has read u.</summary>
    public static SamplerCase Midpoint { get; } = new(
        _prediction with { Input = SamplerState.U }, [new(SamplerState.X) { X0 = 0.4f, X = 0.8f, H1 = -0.2f }, new(SamplerState.H2) { Eps = 1 }]);

    /// <summary>A multistep solver of order 3, which overwrites the older of two kept predictions.</summary>
    public static SamplerCase Multistep { get; } = new(
        _prediction, [new(SamplerState.X) { X0 = 0.5f, X = 0.8f, H1 = -0.2f, H2 = 0.07f }, new(SamplerState.H2) { X0 = 1 }, KeepX0]);

    /// <summary>Four updates from everything.</summary>
    public static SamplerCase AllStates { get; } = new(
        _prediction,
        [
            new(SamplerState.X) { X0 = 0.5f, Eps = 0.25f, X = 0.8f, U = -0.7f, H1 = -0.2f, H2 = 0.07f, H3 = 0.6f, Noise = 0.1f },
            new(SamplerState.U) { X = 0.9f, U = 0.1f },
            new(SamplerState.H3) { X0 = -0.4f, H1 = 0.3f, H2 = 1 },
            KeepX0,
        ]);

    /// <summary>By name, for theories.</summary>
    public static Dictionary<string, SamplerCase> All { get; } = new()
    {
        ["DDIM"] = Ddim,
        ["DDIM with noise, clipped"] = ClippedWithNoise,
        ["DDPM, learned variance"] = Ddpm,
        ["midpoint"] = Midpoint,
        ["multistep"] = Multistep,
        ["all states"] = AllStates,
    };

    /// <summary>The same with another first update.</summary>
    public SamplerCase WithFirst(Func<LinearUpdate, LinearUpdate> change) => this with { Updates = [change(Updates[0]), .. Updates[1..]] };

    /// <summary>Values of every state, by name.</summary>
    public static Dictionary<string, float[]> States(int count) => SamplerTensors.Readable.ToArray().ToDictionary(
        SamplerForms.Name, state => RandomData.Normal(seed: 113 + (int)state, count));
}
