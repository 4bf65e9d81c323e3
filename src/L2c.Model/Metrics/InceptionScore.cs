using L2c.Model.Randomness;

namespace L2c.Model.Metrics;

/// <summary>Inception Score: how certain a classifier is of each sample, and how different the classes of the samples are.</summary>
/// <remarks>
/// Formula  of a split of n rows with probabilities p: exp(1/n Σ KL(p ‖ mean p)) = exp(1/n Σ Σ p ln p - Σ mean p ln mean p); the score is the mean
///          over the splits. Splits are consecutive rows; a short last one counts like any other.
/// Numerics binary64 from the logits; ln p by log-softmax, and 0 ln 0 = 0. Memory for one split's sums, whatever N.
/// Source   Salimans et al. 2016, "Improved techniques for training GANs"; splits as in ADM's evaluator.
/// </remarks>
public sealed class InceptionScore
{
    /// <summary>Rows of a split, unless said otherwise.</summary>
    public const int RowsPerSplit = 5000;

    // Of torch-fidelity.
    private const int ShuffledSplits = 10;
    private const uint ShuffleSeed = 2020;

    private readonly string _name;
    private readonly double[] _row, _sums;
    private readonly List<double> _splits = [];
    private readonly int _rowsPerSplit;
    private double _negentropy;
    private int _rows;
    private long _count;

    /// <summary>A score of nothing yet.</summary>
    /// <param name="classes">C.</param>
    /// <param name="name">What the set is called in messages.</param>
    /// <param name="rowsPerSplit">Rows of a split.</param>
    public InceptionScore(int classes, string name, int rowsPerSplit = RowsPerSplit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerSplit, 1);
        (_name, _rowsPerSplit, _row, _sums) = (name, rowsPerSplit, new double[classes], new double[classes]);
    }

    /// <summary>Scores rows at once.</summary>
    /// <param name="logits">[N, C], row-major.</param>
    /// <param name="classes">C.</param>
    /// <param name="name">What the set is called in messages.</param>
    /// <param name="rowsPerSplit">Rows of a split.</param>
    /// <exception cref="ArgumentException">No rows, no whole rows, or a value that is not finite.</exception>
    public static InceptionScoreResult Of(ReadOnlySpan<float> logits, int classes, string name, int rowsPerSplit = RowsPerSplit)
    {
        InceptionScore score = new(classes, name, rowsPerSplit);
        score.Add(logits);
        return score.Result();
    }

    /// <summary>As torch-fidelity scores: ten splits of rows that were shuffled by NumPy's RandomState(2020).</summary>
    /// <inheritdoc cref="Of"/>
    public static InceptionScoreResult OfShuffled(ReadOnlySpan<float> logits, int classes, string name)
    {
        int count = logits.Length / classes;
        int[] order = NumpyShuffle.Permutation(count, ShuffleSeed);
        InceptionScore score = new(classes, name, int.MaxValue);
        for (int split = 0; split < ShuffledSplits; split++)
        {
            int end = (int)((split + 1L) * count / ShuffledSplits);
            for (int i = (int)((long)split * count / ShuffledSplits); i < end; i++)
            {
                score.Add(logits.Slice(order[i] * classes, classes));
            }

            score.EndSplit();
        }

        return score.Result();
    }

    /// <summary>Adds rows.</summary>
    /// <param name="logits">[any number, C], row-major.</param>
    /// <exception cref="ArgumentException">No whole rows, or a value that is not finite.</exception>
    public void Add(ReadOnlySpan<float> logits)
    {
        RequireWholeRows(logits.Length);
        for (int at = 0; at < logits.Length; at += _row.Length)
        {
            for (int c = 0; c < _row.Length; c++)
            {
                _row[c] = logits[at + c];
            }

            AddRow();
        }
    }

    /// <inheritdoc cref="Add(ReadOnlySpan{float})"/>
    public void Add(ReadOnlySpan<double> logits)
    {
        RequireWholeRows(logits.Length);
        for (; logits.Length > 0; logits = logits[_row.Length..])
        {
            logits[.._row.Length].CopyTo(_row);
            AddRow();
        }
    }

    /// <summary>Adds rows of probabilities.</summary>
    /// <param name="probabilities">[any number, C], row-major, at least 0; 0 is allowed.</param>
    /// <exception cref="ArgumentException">No whole rows, or a value that is no probability.</exception>
    public void AddProbabilities(ReadOnlySpan<float> probabilities)
    {
        RequireWholeRows(probabilities.Length);
        for (int at = 0; at < probabilities.Length; at += _row.Length)
        {
            for (int c = 0; c < _row.Length; c++)
            {
                double p = probabilities[at + c];
                Require(p is >= 0 and <= 1.000001, "has a number that is not a probability");
                Count(c, p, p == 0 ? 0 : Math.Log(p));
            }

            EndRow();
        }
    }

    /// <summary>The score of all rows so far; a split that has begun counts.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public InceptionScoreResult Result()
    {
        double[] splits = _rows == 0 ? [.. _splits] : [.. _splits, Score()];
        if (splits.Length == 0)
        {
            throw new ArgumentException($"{_name}: there is no image to score; give at least one");
        }

        double mean = splits.Average();
        return new InceptionScoreResult(mean, Math.Sqrt(splits.Average(split => (split - mean) * (split - mean))), splits);
    }

    private void AddRow()
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (double logit in _row)
        {
            Require(double.IsFinite(logit), "has a value that is not finite");
            largest = Math.Max(largest, logit);
        }

        foreach (double logit in _row)
        {
            sum += Math.Exp(logit - largest);
        }

        double logOfSum = largest + Math.Log(sum);
        for (int c = 0; c < _row.Length; c++)
        {
            double logarithm = _row[c] - logOfSum;
            Count(c, Math.Exp(logarithm), logarithm);
        }

        EndRow();
    }

    private void Count(int label, double p, double logarithm)
    {
        _sums[label] += p;
        _negentropy += p * logarithm;
    }

    private void EndRow()
    {
        _count++;
        if (++_rows == _rowsPerSplit)
        {
            EndSplit();
        }
    }

    private void EndSplit()
    {
        if (_rows == 0)
        {
            return;
        }

        _splits.Add(Score());
        Array.Clear(_sums);
        (_negentropy, _rows) = (0, 0);
    }

    private double Score()
    {
        double ofMean = 0;
        foreach (double sum in _sums)
        {
            double p = sum / _rows;
            ofMean += p == 0 ? 0 : p * Math.Log(p);
        }

        return Math.Exp((_negentropy / _rows) - ofMean);
    }

    private void RequireWholeRows(int values)
    {
        if (values % _row.Length != 0)
        {
            throw new ArgumentException($"{_name}: {values} numbers are not rows of {_row.Length} classes");
        }
    }

    private void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new ArgumentException($"{_name}: row {_count} of the classifier's outputs, counted from 0, {what}; check the images");
        }
    }
}

/// <summary>An Inception Score.</summary>
/// <param name="Score">Mean over the splits.</param>
/// <param name="Deviation">Population standard deviation over the splits.</param>
/// <param name="Splits">Of each split.</param>
public sealed record InceptionScoreResult(double Score, double Deviation, IReadOnlyList<double> Splits);
