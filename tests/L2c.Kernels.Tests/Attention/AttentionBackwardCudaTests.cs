using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The gradient of attention against double precision: on the emulator, or on a GPU where the environment asks for it.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class AttentionBackwardCudaTests
{
    // B, T, H, D: smallest; DiT-XL's head width with whole tiles, and with a tail; U-ViT's two more tokens; primes; widest.
    public static MatrixTheoryData<CudaPrecision, int[]> FlashCases => new(
        [CudaPrecision.F16, CudaPrecision.BF16], [[1, 1, 1, 32], [1, 64, 2, 72], [1, 80, 2, 72], [1, 130, 1, 64], [2, 67, 3, 32], [1, 37, 1, 96], [1, 258, 1, 72]]);

    // B, T, H, D: smallest; more tokens than a tile and a tail; primes; wide.
    public static MatrixTheoryData<CudaPrecision, int[]> PlainCases => new(
        CudaWorkbench.Precisions, [[1, 1, 1, 1], [1, 66, 1, 24], [2, 37, 3, 19], [1, 19, 1, 160]]);

    [Theory]
    [MemberData(nameof(FlashCases))]
    public void Halves_take_the_flash_form_and_are_as_accurate_as_code_that_stores_every_intermediate(CudaPrecision precision, int[] shape) =>
        Check(precision, shape, ["Kernel_FlashQueries", "Kernel_FlashKeys"]);

    [Theory]
    [MemberData(nameof(PlainCases))]
    public void Other_widths_take_the_plain_form_and_are_as_accurate(CudaPrecision precision, int[] shape) =>
        Check(precision, shape, ["Kernel_Queries", "Kernel_Keys"]);

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.TF32)]
    public void Single_precision_takes_the_plain_form_at_any_width(CudaPrecision precision) =>
        Check(precision, [1, 48, 2, 72], ["Kernel_Queries", "Kernel_Keys"]);

    [Theory]
    [InlineData(80)]
    public void Every_width_of_the_flash_form_is_computed(int width) =>
        Check(CudaPrecision.F16, [1, 19, 2, width], ["Kernel_FlashQueries", "Kernel_FlashKeys"]);

    [Fact]
    public void Every_remainder_of_tokens_is_computed_by_the_flash_form()
    {
        using CudaWorkbench bench = new(CudaPrecision.BF16);
        foreach (int tokens in (int[])[2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129])
        {
            AttentionBackwardCase data = new(bench, [1, tokens, 1, 32]);
            data.Check(data.Run());
        }
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
        using CudaWorkbench single = new(CudaPrecision.F32), half = new(CudaPrecision.F16);
        AttentionBackwardCase plain = new(single, [1, 20, 1, 8], deviation: 100), flash = new(half, [1, 20, 1, 32], deviation: 10);
        plain.Check(plain.Run());
        flash.Check(flash.Run());
    }

    [Theory]
    [InlineData(8)]
    [InlineData(32)]
    public void A_token_that_is_not_a_number_spoils_its_own_image_only(int width)
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        AttentionBackwardCase data = new(bench, [2, 19, 1, width]);
        Array.Fill(data.Qkv, float.NaN, data.Qkv.Length / 2, data.Qkv.Length / 2);
        float[] gradients = data.Run();
        Assert.All(gradients[..(gradients.Length / 2)], value => Assert.True(float.IsFinite(value)));
        Assert.All(gradients[(gradients.Length / 2)..], value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(19)]
    public void Queries_that_do_not_exist_have_no_weights_where_all_scores_are_far_below_zero(int tokens)
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        AttentionBackwardCase data = new(bench, [1, tokens, 1, 32]);
        for (int token = 0; token < tokens; token++)
        {
            Array.Fill(data.Qkv, 5, token * 96, 32);
            Array.Fill(data.Qkv, -5, (token * 96) + 32, 32);
        }

        Assert.All(data.Run(), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void A_device_with_less_shared_memory_does_narrower_heads_and_refuses_the_others()
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "a GPU has what it has");
        using EmulatedDriver driver = new() { ComputeCapability = new Version(8, 6) };
        using CudaDevice device = new(driver, new EmulatedCublasLt(driver), 0, CudaPrecision.F32);
        Run(160);
        Assert.Equal(
            "AttentionBackward: heads of 200 need 106752 bytes of shared memory, cuda:0 (emulated sm_86, fp32) grants 101376",
            Assert.Throws<ArgumentException>(() => Run(200)).Message);

        void Run(int width)
        {
            (Arena arena, (Tensor Qkv, Tensor Dy, Tensor DQkv) on) = Arena.Carve(
                device, "test", a => (a.Take(1, 2, 3 * width), a.Take(1, 2, width), a.Take(1, 2, 3 * width)));
            using (arena)
            {
                device.Upload(on.Qkv, RandomData.Normal(seed: 184, 6 * width));
                device.Upload(on.Dy, RandomData.Normal(seed: 185, 2 * width));
                device.AttentionBackward(on.Qkv, on.Dy, on.DQkv, 1);
                float[] gradients = new float[6 * width];
                device.Download(on.DQkv, gradients);
                Assert.All(gradients, value => Assert.True(float.IsFinite(value)));
                Assert.Contains(gradients, value => value != 0);
            }
        }
    }

    [Theory]
    [InlineData("bar.sync")]
    [InlineData("cp.async.wait_all")]
    public void A_tile_that_nobody_waits_for_is_seen(string wait)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "only the emulator sees races");
        (KernelTemplate forQueries, KernelTemplate forKeys) = FlashBackward.For(DType.F16, 32)!.Value;
        foreach (EmulatedBackward run in new EmulatedBackward[]
        {
            new(forQueries, 32), new(forKeys, 32), new(AttentionBackwardKernel.ForQueries, null), new(AttentionBackwardKernel.ForKeys, null),
        })
        {
            string text = run.Text;
            run.Run(text);
            if (text.Contains(wait, StringComparison.Ordinal))
            {
                DeviceFault fault = Assert.Throws<DeviceFault>(() => run.Run(text.Replace(wait, $"// {wait}", StringComparison.Ordinal)));

                // A tile that is still the one before, or not there yet.
                Assert.Contains(fault.Kind, new[] { FaultKind.SharedRace, FaultKind.Uninitialised });
            }
            else
            {
                Assert.Equal("cp.async.wait_all", wait); // the plain form copies through registers
            }
        }
    }

    private static void Check(CudaPrecision precision, int[] shape, string[] kernels)
    {
        using CudaWorkbench bench = new(precision);
        AttentionBackwardCase data = new(bench, shape);
        bench.Work();
        data.Check(data.Run());
        Assert.Equal(kernels, bench.Launches()?[^2..] ?? kernels);
        float[] dy = [.. data.Dy];
        Array.Reverse(dy);
        data.MustReject(new AttentionBackwardCase(bench, shape) { Dy = dy.Length > 1 ? dy : [dy[0] + 1] }.Run());
    }
}
