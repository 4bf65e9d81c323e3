using L2c.Kernels;

namespace L2c.Model.Diffusion;

/// <summary>One evaluation of a sampler: what the network is asked, and what happens to x afterwards.</summary>
/// <param name="Index">Respaced timestep, N-1 .. 0: what cache schedules and routers are indexed by.</param>
/// <param name="Timestep">Timestep of the training process, 0 .. 999: what the network is given.</param>
/// <param name="Prediction">How x0 and eps follow from what the network says.</param>
/// <param name="Updates">What becomes of the sampler's states, see <see cref="Device.SamplerUpdate"/>.</param>
public sealed record SamplerStep(int Index, int Timestep, SamplerPrediction Prediction, params LinearUpdate[] Updates)
{
    /// <summary>Whether the step draws noise.</summary>
    public bool UsesNoise => Array.Exists(Updates, update => update.Noise != 0);
}
