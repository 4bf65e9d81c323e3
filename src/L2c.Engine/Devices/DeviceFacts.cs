using L2c.Kernels;

namespace L2c.Cli.Devices;

/// <summary>What reports tell of a device: the only place that asks which kind it is.</summary>
/// <param name="Name">As <c>cpu (AVX-512, 2 threads)</c>.</param>
/// <param name="Dtype">As <c>--dtype</c> has it.</param>
/// <param name="Threads">Threads that compute; null on CUDA.</param>
/// <param name="Isa">Vectors that compute, as <c>AVX-512</c>; null on CUDA.</param>
internal sealed record DeviceFacts(string Name, string Dtype, int? Threads, string? Isa)
{
    /// <summary>Whether the device is a GPU, which is told in TFLOP/s, launches and graph nodes.</summary>
    public bool IsCuda => Threads is null;

    /// <summary>Asks.</summary>
    public static DeviceFacts Of(Device device) => device switch
    {
        CpuDevice cpu => new DeviceFacts(cpu.Name, "fp32", cpu.Threads, cpu.Isa),
        CudaDevice cuda => new DeviceFacts(cuda.Name, cuda.Precision.Label(), null, null),
        _ => throw new ArgumentException($"{device.Name}: a device of an unknown kind"),
    };

    /// <summary>Measures in this process what the device reaches at best: multiply-adds in registers on the CPU, large products on CUDA.</summary>
    public static Peak MeasurePeak(Device device)
    {
        if (device is CpuDevice cpu)
        {
            return new Peak(FmaPeak.MeasureGflops(cpu), null);
        }

        (double gflops, int side) = MatmulPeak.Measure(device);
        return new Peak(gflops, side);
    }
}

/// <summary>A measured peak.</summary>
/// <param name="Gflops">10^9 floating-point operations per second.</param>
/// <param name="MatmulSide">Side of the square matrices whose product gave it; null for a peak of multiply-adds in registers.</param>
internal readonly record struct Peak(double Gflops, int? MatmulSide);
