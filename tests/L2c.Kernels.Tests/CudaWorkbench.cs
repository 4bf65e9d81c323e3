using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>A CUDA device of a given precision, and the memory that one test needs on it.</summary>
/// <remarks>The emulator refuses to read what nothing has written, so an element that an op leaves out cannot pass.</remarks>
internal sealed class CudaWorkbench : Bench
{
    private readonly CudaUnderTest _cuda;

    /// <summary>One per storage type.</summary>
    public static readonly CudaPrecision[] Precisions = [CudaPrecision.F32, CudaPrecision.F16, CudaPrecision.BF16];

    public CudaWorkbench(CudaPrecision precision, CudaOptions? options = null) => _cuda = new CudaUnderTest(precision, options);

    public override CudaDevice Device => _cuda.Device;

    /// <summary>The emulated matrix library; null on a GPU.</summary>
    public EmulatedCublasLt? Library => _cuda.Library;

    /// <summary>Device memory in use, whoever took it; on a GPU what arenas took.</summary>
    public long AllocatedBytes => _cuda.Emulator?.AllocatedBytes ?? Device.AllocatedBytes;

    /// <summary>What has run since the last call of this, in order; empty on a GPU, which does not say.</summary>
    public DeviceWork[] Work()
    {
        Device.Synchronize();
        DeviceWork[] work = [.. _cuda.Emulator?.Log ?? []];
        _cuda.Emulator?.ClearLog();
        return work;
    }

    /// <summary>Kernels that have run since the last call of this, by entry name; null on a GPU, which does not say.</summary>
    public string[]? Launches()
    {
        string[] names = [.. Work().OfType<KernelLaunch>().Select(launch => launch.Kernel)];
        return _cuda.Emulator is null ? null : names;
    }

    /// <summary>Values as the device stores them: what a reference must start from, and what a naive kernel's result is rounded to.</summary>
    public override float[] Round(float[] values) => Device.StorageType switch
    {
        DType.F16 => Array.ConvertAll(values, value => (float)(Half)value),
        DType.BF16 => Array.ConvertAll(values, value => BitConverter.UInt32BitsToSingle((uint)HostConversion.ToBFloat16(value) << 16)),
        _ => values,
    };

    /// <summary>What the naive computation of products gives, of which errors are measured. Under tf32 the device may round inputs to nearest or truncate
    /// them: nobody documents which, so the worse of both is what may be doubled.</summary>
    /// <param name="exact">In double precision.</param>
    /// <param name="compute">The naive computation with inputs of products passed through the function that it is given.</param>
    public override float[] NaiveProducts(double[] exact, Func<Func<float[], float[]>, float[]> compute)
    {
        if (Device.Precision != CudaPrecision.TF32)
        {
            return compute(values => values);
        }

        float[] nearest = compute(values => TenBits(values, 0x1000)), truncated = compute(values => TenBits(values, 0));
        return Worst(nearest) > Worst(truncated) ? nearest : truncated;

        double Worst(float[] values) => values.Zip(exact, (value, e) => Math.Abs(value - e)).Max();

        static float[] TenBits(float[] values, uint half) => Array.ConvertAll(
            values, value => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + half) & ~0x1FFFu));
    }

    /// <summary>Runs a check for every way in which the library may make tf32 of fp32 inputs: on the emulator both, on a GPU the one that it has.</summary>
    public override void ForEachRounding(Action check)
    {
        check();
        if (Library is not null && Device.Precision == CudaPrecision.TF32)
        {
            Library.TruncatesTf32 = true;
            check();
        }
    }

    protected override void Dispose(IReadOnlyList<Arena> arenas)
    {
        if (_cuda.Emulator?.LastFault is not null)
        {
            // A lost device frees nothing, and an exception from here would hide the one that says why.
            return;
        }

        foreach (Arena arena in arenas)
        {
            arena.Dispose();
        }

        Assert.Equal(0, Device.AllocatedBytes);
        Device.Dispose();
        Assert.Empty(_cuda.Emulator?.Leaks ?? []);
        _cuda.Dispose();
    }
}
