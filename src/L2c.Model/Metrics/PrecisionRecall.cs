namespace L2c.Model.Metrics;

/// <summary>How many samples lie among the data, and how much of the data the samples reach.</summary>
/// <param name="Precision">Share of samples in the ball of a reference vector.</param>
/// <param name="Recall">Share of reference vectors in the ball of a sample.</param>
/// <remarks>
/// A vector's ball reaches its k-th neighbour in its own set: its radius is element k, from 0, of the sorted distances to all of the set, itself
/// included. Distances are squared; a vector on the sphere is in the ball.
/// Memory   the features, and at 2048 features of a vector some 60 MiB; with distances of binary16 some 32 MiB more.
/// Source   Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models"; as in ADM's evaluator.
/// </remarks>
public sealed record PrecisionRecall(double Precision, double Recall)
{
    /// <summary>Radii of the samples' balls, squared.</summary>
    public required IReadOnlyList<float> SampleRadii { get; init; }

    /// <summary>Radii of the reference's balls, squared.</summary>
    public required IReadOnlyList<float> ReferenceRadii { get; init; }

    /// <summary>Which samples are in a ball of the reference.</summary>
    public required IReadOnlyList<bool> SamplesCovered { get; init; }

    /// <summary>Which vectors of the reference are in a ball of a sample.</summary>
    public required IReadOnlyList<bool> ReferenceCovered { get; init; }

    /// <summary>Blocks of distances that were small enough for binary16, and all blocks; none without that option.</summary>
    internal (int Kept, int All) HalfBlocks { get; init; }

    /// <summary>Computes both.</summary>
    /// <param name="samples">Features of the samples.</param>
    /// <param name="reference">Features of the data.</param>
    /// <param name="options">How; null for the default.</param>
    /// <param name="progress">Told of the share that is done, 0 to 1.</param>
    /// <param name="cancel">Looked at now and then.</param>
    /// <exception cref="ArgumentException">The sets have features of different kinds, too few vectors for k neighbours, or a value that is not
    /// finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static PrecisionRecall Of(
        FeatureRows samples,
        FeatureRows reference,
        PrecisionRecallOptions? options = null,
        Action<double>? progress = null,
        CancellationToken cancel = default)
    {
        options ??= new PrecisionRecallOptions();
        if (samples.Dimension != reference.Dimension)
        {
            throw new ArgumentException(
                $"{samples.Name} has {samples.Dimension} features of an image, and {reference.Name} has {reference.Dimension}; "
                + "compare features of one kind");
        }

        RequireUsable(samples, options.Neighbours);
        RequireUsable(reference, options.Neighbours);
        double pairs = Pairs(samples, samples) + Pairs(reference, reference) + Pairs(reference, samples), done = 0;
        using SquaredDistances distances = new(samples.Dimension, options, added => progress?.Invoke((done += added) / pairs), cancel);
        NearestDistances ofReference = new(reference.Count, options.Neighbours), ofSamples = new(samples.Count, options.Neighbours);
        distances.Visit(reference, reference, ofReference);
        distances.Visit(samples, samples, ofSamples);
        BallCover cover = new(ofReference.Radii(), ofSamples.Radii());
        distances.Visit(reference, samples, cover);
        return new PrecisionRecall(Share(cover.ColumnsCovered), Share(cover.RowsCovered))
        {
            SampleRadii = cover.ColumnRadii,
            ReferenceRadii = cover.RowRadii,
            SamplesCovered = cover.ColumnsCovered,
            ReferenceCovered = cover.RowsCovered,
            HalfBlocks = (distances.KeptBlocks, distances.Blocks),
        };
    }

    private static double Pairs(FeatureRows one, FeatureRows other) => (double)one.Count * other.Count;

    private static double Share(bool[] covered) => (double)covered.Count(isCovered => isCovered) / covered.Length;

    private static void RequireUsable(FeatureRows set, int neighbours)
    {
        if (neighbours < 1 || set.Count <= neighbours || set.Values.Length % set.Dimension != 0)
        {
            throw new ArgumentException(
                $"{set.Name}: {set.Count} images have no {neighbours} neighbours each; precision and recall need at least {neighbours + 1} images");
        }

        // Products of larger ones would overflow.
        float largest = MathF.Sqrt(float.MaxValue / set.Dimension) / 2;
        ReadOnlySpan<float> values = set.Values.Span;
        int bad = values.IndexOfAnyExceptInRange(-largest, largest);
        if (bad >= 0)
        {
            throw new ArgumentException(
                $"{set.Name}: row {bad / set.Dimension} of the features, counted from 0, has the value {values[bad]}, which has no distances; "
                + "check the images");
        }
    }
}
