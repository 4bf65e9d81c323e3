namespace L2c.Kernels;

/// <summary>The best of many measurements of a rate that other work on the machine can only lower, and how well the best few of them agree.</summary>
/// <remarks>
/// Measurements come in series with pauses between them, because what disturbs one measurement disturbs its neighbours as well: a thread that is kept
/// from its core for a moment halves all rounds of that moment alike. Series go on until the best few agree and the last series has found nothing better,
/// but not for ever.
/// </remarks>
public sealed class BestRate
{
    /// <summary>Measurements that have to agree: a single one may be a clock's error.</summary>
    public const int Few = 5;

    private const int PerSeries = 16, LeastSeries = 4, MostSeries = 32;
    private const double Agreement = 0.03, Progress = 1.01;

    // Descending.
    private readonly List<double> _best = new(Few + 1);

    /// <summary>The best; 0 before the first measurement.</summary>
    public double Value => _best.Count == 0 ? 0 : _best[0];

    /// <summary>By which part of it the last of the best few falls short of the best, 0..1.</summary>
    public double Spread => _best.Count == 0 ? 0 : 1 - (_best[^1] / _best[0]);

    /// <summary>Measurements made.</summary>
    public int Count { get; private set; }

    /// <summary>Measures; what was found before counts as well.</summary>
    /// <param name="measure">One measurement, a tiny fraction of a second: its rate.</param>
    /// <param name="pause">Waits for a moment, so that the next series meets another one.</param>
    public void Measure(Func<double> measure, Action pause)
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
                Note(measure());
            }

            isSettled = Spread <= Agreement && Value <= before * Progress;
        }
    }

    private void Note(double rate)
    {
        int place = _best.FindIndex(better => better < rate);
        _best.Insert(place < 0 ? _best.Count : place, rate);
        if (_best.Count > Few)
        {
            _best.RemoveAt(Few);
        }

        Count++;
    }
}
