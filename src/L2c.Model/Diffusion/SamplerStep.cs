namespace L2c.Model.Diffusion;

/// <summary>What a sampler does to x after one evaluation: coefficients of one elementwise operation, float32.</summary>
/// <remarks>
/// Per element, with ε the (guided) prediction and v the raw variance channel where there is one:
/// <code>
/// x0   = A·x - B·ε                        if clipping: x0 = clamp(x0, -1, 1), ε = (A·x - x0) / B
/// mean = CX0·x0 + CEps·ε + CX·x
/// std  = LearnedVariance ? exp(½ (f·MaxLogVar + (1 - f)·MinLogVar)), f = (v + 1) / 2 : Sigma
/// x'   = NeedsNoise ? mean + std·noise : mean
/// </code>
/// </remarks>
/// <param name="Index">Respaced timestep, N-1 .. 0: what cache schedules and routers are indexed by.</param>
/// <param name="Timestep">Timestep of the training process, 0 .. 999: what the network is given.</param>
/// <param name="A">√(1 / ᾱ).</param>
/// <param name="B">√(1 / ᾱ - 1).</param>
/// <param name="CX0">Coefficient of x0 in the mean.</param>
/// <param name="CEps">Coefficient of ε in the mean.</param>
/// <param name="CX">Coefficient of x in the mean.</param>
/// <param name="Sigma">Standard deviation of the added noise where it is not learned; otherwise 0.</param>
/// <param name="LearnedVariance">The standard deviation comes from the network's variance channels.</param>
/// <param name="MinLogVar">Log variance at v = -1; 0 where the variance is not learned.</param>
/// <param name="MaxLogVar">Log variance at v = 1; 0 where the variance is not learned.</param>
/// <param name="NeedsNoise">False where noise has no effect: the last step, and DDIM with eta 0. The noise need not exist then.</param>
public sealed record SamplerStep(
    int Index,
    int Timestep,
    float A,
    float B,
    float CX0,
    float CEps,
    float CX,
    float Sigma,
    bool LearnedVariance,
    float MinLogVar,
    float MaxLogVar,
    bool NeedsNoise);
