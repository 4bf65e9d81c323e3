using L2c.Model.Calibration;

namespace L2c.Model.Caching.Forecasts;

/// <summary>Collects the moments of every branch that a schedule does not compute, from runs that compute it.</summary>
/// <param name="sources">What is forecast from what.</param>
/// <param name="kept">By slot, room for the output of a branch, [B,T,C] flattened: shared by readers of different runs.</param>
/// <param name="rowLength">T C.</param>
/// <param name="rowsPerImage">Rows of an image: 2 with guidance.</param>
internal sealed class ForecastReader(ForecastSources sources, float[][] kept, int rowLength, int rowsPerImage) : ITrajectoryReader
{
    private readonly ForecastMoments?[,] _moments = Room(sources);
    private readonly float[][] _found = new float[kept.Length][];

    /// <summary>Moments of a branch in an evaluation; of one that is computed there are none.</summary>
    public ForecastMoments Of(int evaluation, int branch) => _moments[evaluation, branch]
        ?? throw new ArgumentException($"evaluation {evaluation} computes branch {branch}, so it has no forecast");

    /// <inheritdoc/>
    public TrajectoryStages Stages => TrajectoryStages.Branches;

    /// <inheritdoc/>
    public void Branch(int evaluation, int branch, ReadOnlySpan<float> output)
    {
        if (_moments[evaluation, branch] is { } moments)
        {
            int rows = output.Length / rowLength;
            for (int i = 0; i < moments.Sources.Length; i++)
            {
                _found[i] = kept[sources.Slots.SlotOf(moments.Sources[i], branch)];
            }

            moments.Add(_found.AsSpan(0, moments.Sources.Length), output, rows / rowsPerImage, rows);
        }
        else if (sources.Slots.SlotOf(evaluation, branch) is >= 0 and var slot)
        {
            output.CopyTo(kept[slot]);
        }
    }

    private static ForecastMoments?[,] Room(ForecastSources sources)
    {
        var moments = new ForecastMoments?[sources.Reuse.Evaluations, sources.Reuse.Branches];
        for (int e = 0; e < sources.Reuse.Evaluations; e++)
        {
            for (int b = 0; b < sources.Reuse.Branches; b++)
            {
                moments[e, b] = sources.Of(e, b) is { } evaluations ? new ForecastMoments(evaluations) : null;
            }
        }

        return moments;
    }
}
