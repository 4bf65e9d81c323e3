using L2c.Kernels;

namespace L2c;

/// <summary>Measures a device's peak before and after something else runs: multiply-adds in registers on the CPU, large products on CUDA.</summary>
/// <remarks>
/// On the CPU other work can keep the peak too low for longer than a measurement takes, and every share of it would come out too high. So it is measured
/// again at the end, and once more, up to a limit, while what ran in between was faster than the peak that was found.
/// </remarks>
internal sealed class PeakMeter
{
    private const int MostAfter = 4;

    private readonly BestRate _best = new();
    private readonly Action<BestRate>? _measure;
    private readonly Peak _products;

    /// <summary>Measures for the first time.</summary>
    /// <param name="device">A device that nothing else uses meanwhile.</param>
    public PeakMeter(Device device)
        : this(device is CpuDevice cpu ? best => FmaPeak.Measure(cpu, best) : null)
    {
        if (_measure is null)
        {
            // Not again at the end, when memory is in use.
            (double gflops, int side) = MatmulPeak.Measure(device);
            _products = new Peak(gflops, side, null);
        }
    }

    /// <param name="measure">Measures multiply-adds; null where products are measured.</param>
    internal PeakMeter(Action<BestRate>? measure)
    {
        _measure = measure;
        _measure?.Invoke(_best);
    }

    /// <summary>Measures for the last time.</summary>
    /// <param name="reachedGflops">What ran in between reached.</param>
    public Peak Finish(double reachedGflops)
    {
        if (_measure is null)
        {
            return _products;
        }

        for (int i = 0; i == 0 || (i < MostAfter && reachedGflops > _best.Value); i++)
        {
            _measure(_best);
        }

        return new Peak(_best.Value, null, _best.Spread);
    }
}
