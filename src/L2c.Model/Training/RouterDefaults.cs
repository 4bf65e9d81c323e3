using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>What the method's authors trained a router with.</summary>
/// <param name="Lambda">Weight of the penalty.</param>
/// <param name="LearningRate">Of AdamW, constant.</param>
/// <param name="MaxSteps">About how many optimisation steps.</param>
/// <remarks>Source: the commands in the README of the published code. What they do not cover takes the values of DiT-XL/2 256 at 20 steps.</remarks>
public sealed record RouterDefaults(double Lambda, double LearningRate, int MaxSteps)
{
    /// <summary>Timesteps drawn per optimisation step: the published runs have eight processes with one each.</summary>
    public const int Draws = 8;

    /// <summary>Images per draw: the published 64 over eight processes.</summary>
    public const int Batch = 8;

    private const int FewSteps = 20_000, ManySteps = 40_000;

    /// <summary>The values for a network and a number of sampling steps.</summary>
    public static RouterDefaults For(DitArchitecture architecture, int steps) => (architecture.Name, steps) switch
    {
        ("DiT-XL/2 256", 50) => new RouterDefaults(1e-6, 1e-3, ManySteps),
        ("DiT-XL/2 256", 10) => new RouterDefaults(1e-6, 1e-3, FewSteps),
        ("DiT-XL/2 512", 50) => new RouterDefaults(5e-6, 1e-3, ManySteps),
        ("DiT-L/2 256", 50) => new RouterDefaults(1e-6, 1e-3, ManySteps),
        ("DiT-L/2 256", 20) => new RouterDefaults(5e-6, 1e-2, FewSteps),
        _ => new RouterDefaults(5e-6, 1e-3, steps >= 50 ? ManySteps : FewSteps),
    };
}
