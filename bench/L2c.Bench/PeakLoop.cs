using L2c.Kernels;

namespace L2c.Bench;

/// <summary>A contestant that does nothing but multiply-adds in registers, on all threads of a device: what the cores give at that moment.</summary>
internal sealed class PeakLoop : IDisposable
{
    private readonly OpSequence _round;
    private readonly int _rounds;

    /// <param name="device">Its instruction set and threads.</param>
    /// <param name="flops">Floating-point operations of what it runs in turn with; the loop does about as many: both are disturbed alike.</param>
    public PeakLoop(CpuDevice device, long flops)
    {
        _round = FmaPeak.Capture(device);
        long each = _round.Ops[0].Flops;
        _rounds = (int)Math.Max(1, (flops + (each / 2)) / each);
        Flops = _rounds * each;
    }

    /// <summary>Floating-point operations of one run, two per multiply-add.</summary>
    public long Flops { get; }

    /// <summary>One run.</summary>
    public void Run()
    {
        for (int i = 0; i < _rounds; i++)
        {
            _round.Run();
        }
    }

    /// <summary>Frees the recording.</summary>
    public void Dispose() => _round.Dispose();

    /// <summary>10^9 floating-point operations per second, run by run.</summary>
    /// <param name="milliseconds">Times of the runs.</param>
    /// <param name="flops">Floating-point operations of one run.</param>
    public static double[] Gflops(double[] milliseconds, long flops) => [.. milliseconds.Select(time => flops / time / 1e6)];
}
