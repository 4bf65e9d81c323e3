namespace L2c.Model.Samplers;

/// <summary>A process of N timesteps at times between them: timestep n = 0 .. N-1 lies at t = (n + 1) / N, and ln α is linear from one to the next.</summary>
/// <remarks>
/// Source: NoiseScheduleVP of the published code, schedule "discrete", in its order of operations: a router was trained at the times that their rounding
/// gives. Lu et al. 2022 (DPM-Solver), appendix D.
/// </remarks>
public sealed class InterpolatedSchedule : ContinuousSchedule
{
    private readonly float[] _times, _logAlphas;
    private readonly float[] _timesBackwards, _logAlphasBackwards;
    private readonly float _shift;

    /// <param name="process">All its timesteps: one that is not respaced.</param>
    public InterpolatedSchedule(NoiseSchedule process)
    {
        int n = process.Count;
        _times = TimeGrid.Evenly(1f / n, 1, n);
        _logAlphas = new float[n];
        double sum = 0; // as PyTorch's cumsum of fp32 on the CPU
        for (int i = 0; i < n; i++)
        {
            sum += MathF.Log(1 - (float)process.Betas[i]);
            _logAlphas[i] = 0.5f * (float)sum;
        }

        _timesBackwards = [.. _times.Reverse()];
        _logAlphasBackwards = [.. _logAlphas.Reverse()];
        _shift = (1 - process.TimestepMap[0]) / (float)n;
    }

    /// <summary>ln α_t.</summary>
    public float LogAlpha(float t) => Interpolate(t, _times, _logAlphas);

    /// <inheritdoc/>
    public override float Alpha(float t) => MathF.Exp(LogAlpha(t));

    /// <inheritdoc/>
    public override float Sigma(float t) => MathF.Sqrt(1 - MathF.Exp(2 * LogAlpha(t)));

    /// <inheritdoc/>
    public override float Lambda(float t)
    {
        float logAlpha = LogAlpha(t);
        return logAlpha - (0.5f * MathF.Log(1 - MathF.Exp(2 * logAlpha)));
    }

    /// <inheritdoc/>
    public override float Time(float lambda)
    {
        float twice = -2 * lambda;
        return Interpolate(-0.5f * (MathF.Max(0, twice) + MathF.Log(1 + MathF.Exp(-MathF.Abs(twice)))), _logAlphasBackwards, _timesBackwards);
    }

    /// <inheritdoc/>
    /// <remarks>The number that the network knows a timestep by: 1000 t where the first is 1, 1000 (t - 1/1000) where it is 0.</remarks>
    public override float NetworkTime(float t) => MathF.Max(t - _shift, 0) * _times.Length;

    /// <summary>The line through the points on both sides of x, or through the two nearest ones outside.</summary>
    private static float Interpolate(float x, float[] xs, float[] ys)
    {
        int found = Array.BinarySearch(xs, x);
        int left = Math.Clamp((found < 0 ? ~found : found) - 1, 0, xs.Length - 2);
        return ys[left] + ((x - xs[left]) * (ys[left + 1] - ys[left]) / (xs[left + 1] - xs[left]));
    }
}
