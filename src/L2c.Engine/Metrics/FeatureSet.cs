using L2c.Model.Metrics;
using L2c.Model.Metrics.Inception;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What the metrics keep of a set's features as they come.</summary>
internal sealed class FeatureSet
{
    private readonly string _name;
    private readonly int _images, _threads;
    private readonly bool _hasStatistics, _hasScore, _hasRows;
    private float[]? _rows;
    private int _count;

    /// <summary>A set of no images yet. It takes memory with the first of them: what it needs is counted before.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="count">Images that will come.</param>
    /// <param name="statistics">Whether means and covariances are wanted.</param>
    /// <param name="score">Whether its Inception Score is.</param>
    /// <param name="rows">Whether precision and recall are.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    public FeatureSet(string name, int count, bool statistics, bool score, bool rows, int threads) =>
        (_name, _images, _hasStatistics, _hasScore, _hasRows, _threads) = (name, count, statistics, score, rows, threads);

    /// <summary>Statistics of the features of FID; null where they are not wanted, or without images.</summary>
    public FeatureStatistics? Pool { get; private set; }

    /// <summary>Those of sFID.</summary>
    public FeatureStatistics? Spatial { get; private set; }

    /// <summary>The score so far; null likewise.</summary>
    public InceptionScore? Score { get; private set; }

    /// <summary>The features of all images; null likewise.</summary>
    public FeatureRows? Rows => _rows is null ? null : new FeatureRows(_name, _rows, Length(InceptionFeatures.Pool));

    /// <summary>Whether nothing of the features is wanted.</summary>
    public bool IsEmpty => !(_hasStatistics || _hasScore || _hasRows);

    /// <summary>Bytes that it takes with all images, those of its rows included.</summary>
    public long Bytes =>
        (_hasStatistics ? Square(InceptionFeatures.Pool) + Square(InceptionFeatures.Spatial) : 0)
        + (_hasRows ? sizeof(float) * (long)_images * Length(InceptionFeatures.Pool) : 0);

    /// <summary>Adds images.</summary>
    /// <param name="features">[n, <see cref="InceptionFeatures.All"/>].</param>
    /// <exception cref="IOException">A feature is not finite.</exception>
    public void Add(ReadOnlySpan<float> features)
    {
        const InceptionFeatures All = InceptionFeatures.All;
        if (_count == 0)
        {
            Begin();
        }

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

    private void Begin()
    {
        Pool = _hasStatistics ? new FeatureStatistics(Length(InceptionFeatures.Pool), _name, _threads) : null;
        Spatial = _hasStatistics ? new FeatureStatistics(Length(InceptionFeatures.Spatial), _name, _threads) : null;
        Score = _hasScore ? new InceptionScore(InceptionStructure.Classes, _name) : null;
        _rows = _hasRows ? new float[(long)_images * Length(InceptionFeatures.Pool)] : null;
    }

    private static long Square(InceptionFeatures part) => sizeof(double) * (long)Length(part) * Length(part);

    private static int Length(InceptionFeatures part) => part.Length();
}
