using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Samplers;

/// <summary>One evaluation of a sampler: what the network is asked, and what becomes of the sampler's states afterwards.</summary>
/// <param name="Time">What the network is given: a timestep of the training process, see <see cref="NoiseSchedule.TimestepMap"/>, or a time between two.</param>
/// <param name="Role">Whether it may reuse branch outputs of earlier evaluations.</param>
/// <param name="RouterRow">The row of a router that belongs to it.</param>
/// <param name="Prediction">The state that the network reads, and how x0 and eps follow from what it says.</param>
/// <param name="Updates">What the states become, see <see cref="Device.SamplerUpdate"/>.</param>
public sealed record SamplerEvaluation(float Time, EvaluationRole Role, int RouterRow, SamplerPrediction Prediction, params LinearUpdate[] Updates)
{
    /// <summary>Whether it draws noise.</summary>
    public bool UsesNoise => Array.Exists(Updates, update => update.Noise != 0);
}
