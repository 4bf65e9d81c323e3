namespace L2c.Kernels;

/// <summary>The best of many measurements of a rate that other work on the machine can only lower, and how well the best few of them agree.</summary>
/// <remarks>
/// Disturbed measurements agree as well as others do: two threads that share a core because the other one is busy run at exactly half. So a measurement
/// counts only where every thread had a core, which the processor time that the program used meanwhile tells. They come in series with pauses between
/// them, until the best few agree and the last series has found nothing better, but not for ever: where too few count, what the threads did per time on
/// a core stands for what they would do with a core each.
/// </remarks>
public sealed class BestRate
{
    /// <summary>Measurements that have to agree: a single one may be a clock's error.</summary>
    public const int Few = 5;

    private const int PerSeries = 16, LeastSeries = 4, MostSeries = 32;
    private const double Agreement = 0.03, Progress = 1.01, Occupied = 0.95;

    // Descending.
    private readonly List<double> _best = new(Few + 1);
    private readonly List<double> _estimates = [];

    /// <summary>The best, or, see <see cref="IsEstimate"/>, what it would be; 0 before the first measurement.</summary>
    public double Value => IsEstimate ? Math.Max(Middle(_estimates), _best.FirstOrDefault()) : _best[0];

    /// <summary>Whether fewer than <see cref="Few"/> measurements had a core for every thread.</summary>
    public bool IsEstimate => _best.Count < Few;

    /// <summary>By which part of it the last of the best few falls short of the best, 0..1; null where they are too few.</summary>
    public double? Spread => IsEstimate ? null : 1 - (_best[^1] / _best[0]);

    /// <summary>Measurements made.</summary>
    public int Count { get; private set; }

    /// <summary>Measures; what was found before counts as well.</summary>
    /// <param name="measure">One measurement, a tiny fraction of a second: its rate, and which share of their time its threads had a core, 0..1; null
    /// where that is unknown.</param>
    /// <param name="pause">Waits for a moment, so that the next series meets another one.</param>
    public void Measure(Func<(double Rate, double? Occupancy)> measure, Action pause)
    {
        bool isSettled = false;
        for (int series = 0; series < MostSeries && !(isSettled && series >= LeastSeries); series++)
        {
            if (series > 0)
            {
                pause();
            }

            double before = Value;
            for (int i = 0; i < PerSeries; i++)
            {
                (double rate, double? occupancy) = measure();
                Note(rate, occupancy ?? 1);
            }

            isSettled = Spread <= Agreement && Value <= before * Progress;
        }
    }

    private void Note(double rate, double occupancy)
    {
        Count++;
        if (occupancy <= 0)
        {
            return;
        }

        if (occupancy < Occupied)
        {
            _estimates.Add(rate / occupancy);
            return;
        }

        int place = _best.FindIndex(better => better < rate);
        _best.Insert(place < 0 ? _best.Count : place, rate);
        if (_best.Count > Few)
        {
            _best.RemoveAt(Few);
        }
    }

    // Not the best: processor time is told late now and then, and such an estimate is far too high.
    private static double Middle(List<double> values) => values.Count == 0 ? 0 : values.Order().ElementAt(values.Count / 2);
}
