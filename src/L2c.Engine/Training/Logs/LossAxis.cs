using ScottPlot;
using ScottPlot.TickGenerators;

namespace L2c;

/// <summary>How losses are spaced on a vertical axis.</summary>
internal enum LossScale
{
    /// <summary>Evenly: they are of one size.</summary>
    Linear,

    /// <summary>By their logarithms: they are above 0 and of several sizes.</summary>
    Logarithmic,

    /// <summary>By the logarithms of their magnitudes, evenly around 0: some are not above 0.</summary>
    Symmetric,
}

/// <summary>An axis that shows losses of any range: its scale, its ends, and where on it a loss is.</summary>
/// <remarks>
/// A few losses that dwarf all others do not press them together: what is more than thirty times the loss that 98 % do not exceed, or less than a
/// thirtieth of the one that 98 % do, lies off the axis and is put on its edge.
/// </remarks>
internal sealed class LossAxis
{
    private const double FewestShown = 0.02, FarOff = 30, RoomBeside = 3, OneSize = 5, Margin = 0.04;
    private const int MaxTicks = 9;

    private readonly double _unit;

    /// <summary>Chooses scale and ends.</summary>
    /// <param name="losses">Finite ones, at least one.</param>
    public LossAxis(IEnumerable<double> losses)
    {
        double[] sorted = [.. losses.Order()];
        bool isPositive = sorted[0] > 0;
        double[] sizes = isPositive ? sorted : [.. sorted.Select(Math.Abs).Order()];
        double large = Quantile(sizes, 1 - FewestShown), small = Quantile(sizes, FewestShown);
        double most = large > 0 && sizes[^1] > FarOff * large ? RoomBeside * large : sizes[^1];
        (Least, Greatest) = isPositive
            ? (sorted[0] < small / FarOff ? small / RoomBeside : sorted[0], most)
            : (Math.Max(sorted[0], -most), Math.Min(sorted[^1], most));
        Scale = !isPositive ? LossScale.Symmetric : Greatest > OneSize * Least ? LossScale.Logarithmic : LossScale.Linear;

        // A tenth of a usual loss: what is smaller is near 0.
        double usual = Quantile([.. sizes.Where(size => size > 0).DefaultIfEmpty(1)], 0.5);
        _unit = Math.Min(usual, most > 0 ? most : usual) / 10;
        (double low, double high) = (Map(Least), Map(Greatest));
        double margin = high > low ? Margin * (high - low) : Scale == LossScale.Linear ? 0.1 * Math.Abs(high) : 0.1;
        (Low, High) = (low - margin, high + margin);
    }

    /// <summary>How losses are spaced.</summary>
    public LossScale Scale { get; }

    /// <summary>The least loss on the axis.</summary>
    public double Least { get; }

    /// <summary>The greatest loss on the axis.</summary>
    public double Greatest { get; }

    /// <summary>Coordinate of the lower end.</summary>
    public double Low { get; }

    /// <summary>Coordinate of the upper end.</summary>
    public double High { get; }

    /// <summary>Coordinate of a loss on the axis.</summary>
    public double Map(double loss) => Scale switch
    {
        LossScale.Logarithmic => Math.Log10(loss),
        LossScale.Symmetric => Math.Sign(loss) * Math.Log10(1 + (Math.Abs(loss) / _unit)),
        _ => loss,
    };

    /// <summary>Whether a loss lies above or below the axis.</summary>
    public bool IsOff(double loss) => loss < Least || loss > Greatest;

    /// <summary>The loss, or the end of the axis that it lies behind.</summary>
    public double Held(double loss) => Math.Clamp(loss, Least, Greatest);

    /// <summary>Ticks at round losses.</summary>
    public ITickGenerator Ticks() => Scale switch
    {
        LossScale.Logarithmic => PlotTicks.Logarithmic(Low, High),
        LossScale.Symmetric => SymmetricTicks(),
        _ => PlotTicks.Even(Low, High),
    };

    private NumericManual SymmetricTicks()
    {
        int first = (int)Math.Ceiling(Math.Log10(_unit)), last = (int)Math.Floor(Math.Log10(Math.Max(Math.Max(Greatest, -Least), _unit)));
        int every = Math.Max(1, (int)Math.Ceiling(2.0 * (last - first + 1) / MaxTicks));
        NumericManual ticks = new();
        ticks.AddMajor(0, "0");
        for (int decade = last; decade >= first; decade -= every)
        {
            foreach (double loss in (double[])[Math.Pow(10, decade), -Math.Pow(10, decade)])
            {
                if (!IsOff(loss))
                {
                    ticks.AddMajor(Map(loss), PlotTicks.Label(loss));
                }
            }
        }

        return ticks;
    }

    private static double Quantile(double[] sorted, double share) => sorted[(int)Math.Round(share * (sorted.Length - 1))];
}
