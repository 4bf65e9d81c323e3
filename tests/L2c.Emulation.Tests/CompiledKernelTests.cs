using System.Runtime.InteropServices;
using L2c.Kernels;
using L2c.Kernels.Cuda;

namespace L2c.Emulation.Tests;

/// <summary>A kernel from C# through ILGPU's PTX to the interpreter.</summary>
public sealed class CompiledKernelTests : IDisposable
{
    private const int Batch = 2;
    private const int Tokens = 3;
    private const int Channels = 200;
    private readonly PtxCompiler _compiler = new();
    private readonly DeviceMemory _memory = new();

    public void Dispose()
    {
        _compiler.Dispose();
        _memory.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Residual_norm_is_the_formula(bool hopper)
    {
        string text = Text(hopper ? PtxTarget.Sm90 : PtxTarget.Sm80);
        (float[] actual, double[] expected) = Run(text, Channels);
        double worst = actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max();
        Assert.InRange(worst, 0, 3e-6); // values up to 6, some 200 roundings on the way to the mean

        // The bound sees a scale without its 1.
        Assert.True(actual.Zip(expected, (a, e) => Math.Abs(a - (e * 0.999))).Max() > 3e-6);
    }

    [Fact]
    public void Missing_barrier_is_a_race()
    {
        string text = Text(PtxTarget.Sm80);
        Assert.Contains("bar.sync\t0;", text);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => Run(text.Replace("bar.sync\t0;", ""), Channels));
        Assert.True(fault.Kind is FaultKind.SharedRace or FaultKind.Uninitialised, fault.Message);
    }

    [Fact]
    public void Too_many_channels_run_out_of_bounds()
    {
        DeviceFault fault = Assert.Throws<DeviceFault>(() => Run(Text(PtxTarget.Sm80), Channels + 1));
        Assert.Equal(FaultKind.OutOfBounds, fault.Kind);
        Assert.Equal("Kernel_GatedResidualNorm", fault.Kernel);
    }

    private string Text(PtxTarget target) => _compiler.Compile(ResidualNormCuda.Method, ResidualNormCuda.ThreadsPerBlock, target).Text;

    private unsafe (float[] Actual, double[] Expected) Run(string text, int channels)
    {
        Random random = new(7);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
        float[] x = Values(Batch * Tokens * Channels);
        float[] branch = Values(x.Length);
        float[] gate = Values(Batch * Channels);
        float[] scale = Values(gate.Length);
        float[] shift = Values(gate.Length);
        ulong output = _memory.Allocate(x.Length * 4);
        byte[] packed = new byte[72];
        ulong[] addresses = [Upload(x), Upload(branch), Upload(gate), Upload(scale), Upload(shift), _memory.Allocate(x.Length * 4), output, Channels];
        MemoryMarshal.AsBytes(addresses.AsSpan()).CopyTo(packed);
        MemoryMarshal.Write(packed.AsSpan(64), channels);
        MemoryMarshal.Write(packed.AsSpan(68), 1e-6f);
        LaunchDimensions size = new(Tokens, Batch, 1, ResidualNormCuda.ThreadsPerBlock, 1, 1, 0);
        PtxMachine.Run(PtxModule.Parse(text).Entry("Kernel_GatedResidualNorm"), size, packed, _memory);

        double[] expected = new double[x.Length];
        for (int row = 0; row < Batch * Tokens; row++)
        {
            int modulation = row / Tokens * Channels;
            double[] sum = [.. Enumerable.Range(0, Channels).Select(
                c => x[(row * Channels) + c] + ((double)gate[modulation + c] * branch[(row * Channels) + c]))];
            double mean = sum.Average();
            double reciprocal = 1 / Math.Sqrt(sum.Average(v => (v - mean) * (v - mean)) + 1e-6);
            for (int c = 0; c < Channels; c++)
            {
                expected[(row * Channels) + c] = ((sum[c] - mean) * reciprocal * (1.0 + scale[modulation + c])) + shift[modulation + c];
            }
        }

        return (new ReadOnlySpan<float>(_memory.ReadRange(output, x.Length * 4), x.Length).ToArray(), expected);
    }

    private unsafe ulong Upload(float[] values)
    {
        ulong address = _memory.Allocate(values.Length * 4);
        values.CopyTo(new Span<float>(_memory.WriteRange(address, values.Length * 4), values.Length));
        return address;
    }
}
