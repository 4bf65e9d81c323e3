using L2c.Kernels;

namespace L2c;

/// <summary>What a device reaches at best, measured in this process.</summary>
/// <param name="Gflops">10^9 floating-point operations per second.</param>
/// <param name="MatmulSide">Side of the square matrices whose product gave it; null for a peak of multiply-adds in registers.</param>
/// <param name="Spread">Of multiply-adds: by which part of the peak the fifth best of all rounds falls short of it, 0..1; null for products, and where
/// too few rounds had a core for every thread, so that the peak is an estimate.</param>
public readonly record struct Peak(double Gflops, int? MatmulSide, double? Spread)
{
    /// <summary>What the measurement takes at most.</summary>
    internal static MemoryNeed Need(Device device) => device is CpuDevice ? default : new MemoryNeed(MatmulPeak.MaxBytes(device.StorageType), 0);
}
