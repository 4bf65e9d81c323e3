using System.Collections.Concurrent;
using L2c.Kernels;

namespace L2c;

/// <summary>Measures a device's peak before and after something else runs: multiply-adds in registers on the CPU, large products on CUDA.</summary>
/// <remarks>
/// On the CPU other work can keep the peak too low for longer than a measurement takes, and every share of it would come out too high. So it is measured
/// again at the end, and once more, up to a limit, while what ran in between was faster than the peak that was found. What a process has found once
/// stays: its next measurements are spared unless something was faster.
/// </remarks>
internal sealed class PeakMeter
{
    private const int MostAfter = 4;

    private static readonly ConcurrentDictionary<(int Threads, string Isa), BestRate> _found = new();

    private readonly BestRate _best = new();
    private readonly Action<BestRate>? _measure;
    private readonly Peak _products;
    private readonly bool _isFirst;

    /// <summary>Measures for the first time.</summary>
    /// <param name="device">A device that nothing else uses meanwhile.</param>
    public PeakMeter(Device device)
    {
        if (device is CpuDevice cpu)
        {
            (_best, _measure) = (_found.GetOrAdd((cpu.Threads, cpu.Isa), _ => new BestRate()), best => FmaPeak.Measure(cpu, best));
            _isFirst = Begin();
            return;
        }

        // Not again at the end, when memory is in use.
        (double gflops, int side) = MatmulPeak.Measure(device);
        _products = new Peak(gflops, side, null);
    }

    /// <param name="best">What was found before.</param>
    /// <param name="measure">Measures multiply-adds.</param>
    internal PeakMeter(BestRate best, Action<BestRate> measure)
    {
        (_best, _measure) = (best, measure);
        _isFirst = Begin();
    }

    /// <summary>Measures for the last time.</summary>
    /// <param name="reachedGflops">What ran in between reached.</param>
    public Peak Finish(double reachedGflops)
    {
        if (_measure is null)
        {
            return _products;
        }

        lock (_best)
        {
            for (int i = 0; (i == 0 && _isFirst) || (i < MostAfter && reachedGflops > _best.Value); i++)
            {
                _measure(_best);
            }

            return new Peak(_best.Value, null, _best.Spread);
        }
    }

    private bool Begin()
    {
        lock (_best)
        {
            bool isFirst = _best.Count == 0;
            if (isFirst)
            {
                _measure!(_best);
            }

            return isFirst;
        }
    }
}
