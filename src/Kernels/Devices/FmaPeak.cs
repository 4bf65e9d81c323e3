using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What the cores can do at best: fused multiply-adds in registers on all threads of a device, measured in this process.</summary>
public static class FmaPeak
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Measures for some tenths of a second, on a busy machine for up to two seconds.</summary>
    /// <param name="device">Its instruction set and threads.</param>
    /// <param name="best">Receives the rates, in 10^9 floating-point operations per second, two per multiply-add.</param>
    public static void Measure(CpuDevice device, BestRate best)
    {
        using OpSequence sequence = Capture(device);
        long flops = sequence.Ops[0].Flops;
        best.Measure(Round, () => Thread.Sleep(_pause));

        (double, double?) Round()
        {
            TimeSpan used = ProcessorTime();
            long start = Stopwatch.GetTimestamp();
            sequence.Run();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            double? occupancy = IsFine ? (ProcessorTime() - used).TotalSeconds / (device.Threads * seconds) : null;
            return (flops / seconds / 1e9, occupancy);
        }
    }

    // Windows counts processor time in steps longer than a round.
    private static bool IsFine => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    private static TimeSpan ProcessorTime() => IsFine ? Environment.CpuUsage.TotalTime : default;

    /// <summary>One round as a recording, one to a few milliseconds: for whoever wants the peak of the very moments in which something else runs.</summary>
    /// <param name="device">Its instruction set and threads.</param>
    public static OpSequence Capture(CpuDevice device) => device.Capture(() => device.Enqueue(new FmaLoopArguments()));

    /// <summary>No operands: the loop is all there is.</summary>
    private readonly record struct FmaLoopArguments : ICpuOpArguments
    {
        /// <inheritdoc/>
        public CpuOp Bind<V>(int threads)
            where V : unmanaged, IFloats<V> => new FmaLoopOp<V>(threads);
    }

    /// <summary>Independent chains of multiply-adds, more than latency times units of any core; the values converge to 1.</summary>
    private sealed unsafe class FmaLoopOp<V>(int threads) : CpuOp
        where V : unmanaged, IFloats<V>
    {
        private const int Chains = 12;
        private const int Iterations = 200_000; // a tile is a few tenths of a millisecond: long against the waking of a thread

        // Several per thread, so that a thread that wakes late delays a round by little.
        private const int TilesPerThread = 4;

        /// <inheritdoc/>
        public override string Name => nameof(FmaPeak);

        /// <inheritdoc/>
        public override int Tiles => TilesPerThread * threads;

        /// <inheritdoc/>
        public override long ScratchBytes => V.Count * sizeof(float);

        /// <inheritdoc/>
        public override long Flops => 2L * Chains * Iterations * V.Count * Tiles;

        /// <inheritdoc/>
        public override long Bytes => 0;

        /// <inheritdoc/>
        /// <remarks>Optimised at its first call: the rounds are too few for the runtime to notice that it is hot.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run(int tile, nint scratch)
        {
            V half = V.Broadcast(0.5f);
            V a = V.Broadcast(tile), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
            for (int n = 0; n < Iterations; n++)
            {
                a = V.MultiplyAdd(a, half, half);
                b = V.MultiplyAdd(b, half, half);
                c = V.MultiplyAdd(c, half, half);
                d = V.MultiplyAdd(d, half, half);
                e = V.MultiplyAdd(e, half, half);
                f = V.MultiplyAdd(f, half, half);
                g = V.MultiplyAdd(g, half, half);
                h = V.MultiplyAdd(h, half, half);
                i = V.MultiplyAdd(i, half, half);
                j = V.MultiplyAdd(j, half, half);
                k = V.MultiplyAdd(k, half, half);
                l = V.MultiplyAdd(l, half, half);
            }

            // Written, so that the loop cannot be left out.
            V.Store(a + b + c + d + e + f + g + h + i + j + k + l, (float*)scratch);
        }
    }
}
