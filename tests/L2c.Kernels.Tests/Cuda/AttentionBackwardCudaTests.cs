using L2c.Emulation;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>The gradient of attention against double precision: on the emulator, or on a GPU where the environment asks for it.</summary>
public sealed class AttentionBackwardCudaTests
{
    // B, T, H, D: smallest; DiT-XL's head width with fewer tokens and heads; more tokens than a tile and a tail; primes; wide.
    public static MatrixTheoryData<CudaPrecision, int[]> Cases => new(
        CudaWorkbench.Precisions, [[1, 1, 1, 1], [1, 48, 2, 72], [1, 66, 1, 64], [2, 37, 3, 19], [1, 19, 1, 160]]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_code_that_stores_every_intermediate(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        AttentionBackwardCase data = new(bench, shape);
        data.Check(data.Run());
        float[] dy = [.. data.Dy];
        Array.Reverse(dy);
        data.MustReject(new AttentionBackwardCase(bench, shape) { Dy = dy.Length > 1 ? dy : [dy[0] + 1] }.Run());
    }

    [Fact]
    public void Every_remainder_of_tokens_and_width_is_computed()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        foreach (int tokens in (int[])[2, 3, 4, 5, 15, 16, 17, 31, 32, 33])
        {
            foreach (int width in (int[])[1, 2, 31, 32, 33])
            {
                AttentionBackwardCase data = new(bench, [2, tokens, 4, width]);
                data.Check(data.Run());
            }
        }
    }

    [Fact]
    public void Large_scores_do_not_overflow()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        AttentionBackwardCase data = new(bench, [1, 20, 1, 8], deviation: 100);
        data.Check(data.Run());
    }

    [Fact]
    public void A_token_that_is_not_a_number_spoils_its_own_image_only()
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        AttentionBackwardCase data = new(bench, [2, 19, 1, 8]);
        Array.Fill(data.Qkv, float.NaN, data.Qkv.Length / 2, data.Qkv.Length / 2);
        float[] gradients = data.Run();
        Assert.All(gradients[..(gradients.Length / 2)], value => Assert.True(float.IsFinite(value)));
        Assert.All(gradients[(gradients.Length / 2)..], value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void What_the_device_cannot_do_is_refused_by_name()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        Tensor qkv = bench.Take(1, 1, 3 * 257), y = bench.Take(1, 1, 257), dQkv = bench.Take(1, 1, 3 * 257);
        string message = Assert.Throws<ArgumentException>(() => bench.Device.AttentionBackward(qkv, y, y, dQkv, 1)).Message;
        Assert.Equal("AttentionBackward: heads of 257 (at most 256)", message);
    }

    [Fact]
    public void A_missing_barrier_between_tiles_is_a_race()
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulator sees races");
        foreach (Kernels.Cuda.KernelTemplate kernel in new[] { AttentionBackwardKernel.ForQueries, AttentionBackwardKernel.ForKeys })
        {
            EmulatedBackward run = new(kernel);
            run.Run(text => text);
            DeviceFault fault = Assert.Throws<DeviceFault>(
                () => run.Run(text => text.Replace("bar.sync", "// bar.sync", StringComparison.Ordinal)));

            // A tile that is still the one before, or not there yet.
            Assert.Contains(fault.Kind, new[] { FaultKind.SharedRace, FaultKind.Uninitialised });
        }
    }
}
