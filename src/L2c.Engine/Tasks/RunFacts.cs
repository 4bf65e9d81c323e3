using L2c.Kernels;

namespace L2c;

/// <summary>What every report tells of a run: the network and what computed. The only place that asks which kind a device is.</summary>
/// <param name="Model">Name of the network.</param>
/// <param name="Device">As <c>cpu (AVX-512, 2 threads)</c>.</param>
/// <param name="Dtype">Storage type of weights and activations: fp32, tf32, fp16 or bf16.</param>
/// <param name="Threads">Threads that computed; null on CUDA.</param>
/// <param name="Isa">Vectors that computed, as <c>AVX-512</c>; null on CUDA.</param>
public sealed record RunFacts(string Model, string Device, string Dtype, int? Threads, string? Isa)
{
    /// <summary>Whether the device is a GPU, which is told in TFLOP/s, launches and graph nodes.</summary>
    internal bool IsCuda => Threads is null;

    /// <summary>Asks the device.</summary>
    /// <param name="model">Name of the network.</param>
    /// <param name="device">Where it runs.</param>
    public static RunFacts Of(string model, Device device) => device switch
    {
        CpuDevice cpu => new RunFacts(model, cpu.Name, "fp32", cpu.Threads, cpu.Isa),
        CudaDevice cuda => new RunFacts(model, cuda.Name, cuda.Precision.Label(), null, null),
        _ => throw new ArgumentException($"{device.Name}: a device of an unknown kind"),
    };
}
