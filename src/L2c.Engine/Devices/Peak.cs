using L2c.Kernels;

namespace L2c;

/// <summary>What a device reaches at best, measured in this process.</summary>
/// <param name="Gflops">10^9 floating-point operations per second.</param>
/// <param name="MatmulSide">Side of the square matrices whose product gave it; null for a peak of multiply-adds in registers.</param>
public readonly record struct Peak(double Gflops, int? MatmulSide)
{
    /// <summary>What the measurement takes at most.</summary>
    internal static MemoryNeed Need(Device device) => device is CpuDevice ? default : new MemoryNeed(MatmulPeak.MaxBytes(device.StorageType), 0);

    /// <summary>Measures: multiply-adds in registers on the CPU, large products on CUDA.</summary>
    public static Peak Measure(Device device)
    {
        if (device is CpuDevice cpu)
        {
            return new Peak(FmaPeak.MeasureGflops(cpu), null);
        }

        (double gflops, int side) = MatmulPeak.Measure(device);
        return new Peak(gflops, side);
    }
}
