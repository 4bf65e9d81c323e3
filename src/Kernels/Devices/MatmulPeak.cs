using System.Diagnostics;

namespace L2c.Kernels;

/// <summary>What matrix products reach at best: large square ones in the device's own precision, through <see cref="Device.Linear"/>.</summary>
public static class MatmulPeak
{
    private const int SmallestSide = 128, LargestSide = 8192;
    private const int Products = 8, Rounds = 5, FilledRows = 64;
    private static readonly TimeSpan _longEnough = TimeSpan.FromMilliseconds(50);

    /// <summary>What <see cref="Measure"/> takes at most: three matrices, twice while algorithms are chosen.</summary>
    public static long MaxBytes(DType type) => 2L * 3 * LargestSide * LargestSide * type.Size();

    /// <summary>Doubles the side from 128 to 8192 while eight products take less than 50 ms: tens of milliseconds on a fast device.</summary>
    /// <param name="device">A device that nothing else uses meanwhile. It needs room for three matrices, twice while algorithms are chosen.</param>
    /// <returns>The best round of all sides in 10^9 floating-point operations per second, two per multiply-add, and its side.</returns>
    public static (double Gflops, int Side) Measure(Device device)
    {
        (double Gflops, int Side) best = (0, 0);
        for (int side = SmallestSide; ; side *= 2)
        {
            TimeSpan time = Time(device, side);
            double gflops = 2.0 * Products * side * side * side / time.TotalSeconds / 1e9;
            best = gflops > best.Gflops ? (gflops, side) : best;
            if (time >= _longEnough || side == LargestSide)
            {
                return best;
            }
        }
    }

    /// <summary>The shortest of some rounds of <see cref="Products"/> products.</summary>
    private static TimeSpan Time(Device device, int side)
    {
        (Arena arena, (Tensor x, Matrix weight, Tensor y)) =
            Arena.Carve(device, "matmul peak", a => (a.Take(side, side), a.TakeMatrix(side, side), a.Take(side, side)));
        using Arena memory = arena;
        Fill(device, x, weight);
        using OpSequence products = device.Capture(() =>
        {
            for (int i = 0; i < Products; i++)
            {
                device.Linear(x, weight, default, y);
            }
        });

        // One more than is counted: the first pays for what is loaded on first use.
        TimeSpan best = TimeSpan.MaxValue;
        for (int round = 0; round <= Rounds; round++)
        {
            long began = Stopwatch.GetTimestamp();
            products.Run();
            device.Synchronize();
            TimeSpan time = Stopwatch.GetElapsedTime(began);
            best = round > 0 && time < best ? time : best;
        }

        return best;
    }

    // Random values: a GPU draws less power, and so clocks higher, on zeros.
    private static void Fill(Device device, Tensor x, Matrix weight)
    {
        Random random = new(1);
        float[] rows = new float[FilledRows * x.Columns];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = (2 * random.NextSingle()) - 1;
        }

        for (int row = 0; row < x.Rows; row += FilledRows)
        {
            device.Upload(x.SliceRows(row, FilledRows), rows);
            device.WriteMatrix(weight, row, rows);
        }
    }
}
