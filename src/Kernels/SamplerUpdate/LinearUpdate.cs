namespace L2c.Kernels;

/// <summary>What becomes of one state after an evaluation: the weighted sum of what is known then, in fp32; see <see cref="Device.SamplerUpdate"/>.</summary>
/// <param name="Target">The state that is set.</param>
/// <remarks>What has the weight 0 takes no part and need not exist.</remarks>
public readonly record struct LinearUpdate(SamplerState Target)
{
    /// <summary>The most updates of one evaluation: three states (UniPC sets x, u and its history) and the kept x0.</summary>
    public const int MaxCount = 4;

    /// <summary>Weight of the predicted x0.</summary>
    public float X0 { get; init; }

    /// <summary>Weight of eps.</summary>
    public float Eps { get; init; }

    /// <summary>Weight of x, as it was before the evaluation.</summary>
    public float X { get; init; }

    /// <summary>Weight of u, as it was before the evaluation.</summary>
    public float U { get; init; }

    /// <summary>Weight of the first kept prediction, as it was before the evaluation.</summary>
    public float H1 { get; init; }

    /// <summary>Weight of the second kept prediction.</summary>
    public float H2 { get; init; }

    /// <summary>Weight of the third kept prediction.</summary>
    public float H3 { get; init; }

    /// <summary>Weight of the noise: its standard deviation; where the network sets that, 1.</summary>
    public float Noise { get; init; }

    /// <summary>d target / d eps, its way through x0 included, where x0 is not clamped.</summary>
    /// <param name="prediction">How x0 follows from eps.</param>
    public double SlopeOfEps(in SamplerPrediction prediction) => Eps - ((double)X0 * prediction.EpsToX0);

    /// <summary>Weight of a state.</summary>
    public float WeightOf(SamplerState state) => state switch
    {
        SamplerState.X => X,
        SamplerState.U => U,
        SamplerState.H1 => H1,
        SamplerState.H2 => H2,
        SamplerState.H3 => H3,
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    /// <summary>This update with another weight of a state: for samplers whose history takes turns.</summary>
    public LinearUpdate With(SamplerState state, float weight) => state switch
    {
        SamplerState.X => this with { X = weight },
        SamplerState.U => this with { U = weight },
        SamplerState.H1 => this with { H1 = weight },
        SamplerState.H2 => this with { H2 = weight },
        SamplerState.H3 => this with { H3 = weight },
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };
}
