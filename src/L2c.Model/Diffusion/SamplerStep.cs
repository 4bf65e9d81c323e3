using L2c.Kernels;

namespace L2c.Model.Diffusion;

/// <summary>One evaluation of a sampler: what the network is asked, and what happens to x afterwards.</summary>
/// <param name="Index">Respaced timestep, N-1 .. 0: what cache schedules and routers are indexed by.</param>
/// <param name="Timestep">Timestep of the training process, 0 .. 999: what the network is given.</param>
/// <param name="Coefficients">The update of x, see <see cref="Device.SamplerUpdate"/>.</param>
public sealed record SamplerStep(int Index, int Timestep, SamplerCoefficients Coefficients);
