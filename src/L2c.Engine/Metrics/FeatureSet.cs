using L2c.Model.Metrics;
using L2c.Model.Metrics.Inception;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What the metrics keep of a set's features as they come.</summary>
internal sealed class FeatureSet
{
    private readonly string _name;
    private readonly float[]? _rows;
    private int _count;

    /// <summary>A set of no images yet.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="count">Images that will come.</param>
    /// <param name="statistics">Whether means and covariances are wanted.</param>
    /// <param name="score">Whether its Inception Score is.</param>
    /// <param name="rows">Whether precision and recall are.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    public FeatureSet(string name, int count, bool statistics, bool score, bool rows, int threads)
    {
        _name = name;
        Pool = statistics ? new FeatureStatistics(Length(InceptionFeatures.Pool), name, threads) : null;
        Spatial = statistics ? new FeatureStatistics(Length(InceptionFeatures.Spatial), name, threads) : null;
        Score = score ? new InceptionScore(InceptionStructure.Classes, name) : null;
        _rows = rows ? new float[(long)count * Length(InceptionFeatures.Pool)] : null;
    }

    /// <summary>Statistics of the features of FID; null where they are not wanted.</summary>
    public FeatureStatistics? Pool { get; }

    /// <summary>Those of sFID.</summary>
    public FeatureStatistics? Spatial { get; }

    /// <summary>The score so far; null where it is not wanted.</summary>
    public InceptionScore? Score { get; }

    /// <summary>The features of all images; null where they are not wanted.</summary>
    public FeatureRows? Rows => _rows is null ? null : new FeatureRows(_name, _rows, Length(InceptionFeatures.Pool));

    /// <summary>Whether nothing of the features is wanted.</summary>
    public bool IsEmpty => Pool is null && Score is null && _rows is null;

    /// <summary>Bytes that it takes, those of its rows included.</summary>
    public long Bytes => Squares(Pool) + Squares(Spatial) + (sizeof(float) * (_rows?.LongLength ?? 0));

    /// <summary>Adds images.</summary>
    /// <param name="features">[n, <see cref="InceptionFeatures.All"/>].</param>
    /// <exception cref="IOException">A feature is not finite.</exception>
    public void Add(ReadOnlySpan<float> features)
    {
        const InceptionFeatures All = InceptionFeatures.All;
        for (int length = All.Length(); features.Length > 0; features = features[length..], _count++)
        {
            ReadOnlySpan<float> row = features[..length], pool = row[All.RangeOf(InceptionFeatures.Pool)];
            if (row.ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
            {
                throw new IOException(
                    $"{_name}: row {_count} of the features, counted from 0, has a value that is not finite; check the images and the weights");
            }

            Pool?.Add(pool);
            Spatial?.Add(row[All.RangeOf(InceptionFeatures.Spatial)]);
            Score?.Add(row[All.RangeOf(InceptionFeatures.Logits)]);
            if (_rows is not null)
            {
                pool.CopyTo(_rows.AsSpan(_count * pool.Length));
            }
        }
    }

    private static long Squares(FeatureStatistics? statistics) =>
        statistics is null ? 0 : sizeof(double) * (long)statistics.Dimension * statistics.Dimension;

    private static int Length(InceptionFeatures part) => part.Length();
}
