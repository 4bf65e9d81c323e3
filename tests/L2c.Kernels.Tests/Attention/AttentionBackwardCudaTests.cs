using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>What the gradient of attention on CUDA has of its own: two forms, tiles, and the device's shared memory.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class AttentionBackwardCudaTests
{
    private static readonly string[] _flash = ["Kernel_FlashQueries", "Kernel_FlashKeys"];

    [Theory]
    [InlineData(CudaPrecision.F16, 32, true)]
    [InlineData(CudaPrecision.BF16, 72, true)]
    [InlineData(CudaPrecision.F16, 96, true)]
    [InlineData(CudaPrecision.F16, 19, false)]
    [InlineData(CudaPrecision.BF16, 160, false)]
    [InlineData(CudaPrecision.F32, 72, false)]
    [InlineData(CudaPrecision.TF32, 72, false)]
    public void Halves_take_the_flash_form_where_the_width_has_one(CudaPrecision precision, int width, bool takesFlash)
    {
        using CudaWorkbench bench = new(precision);
        AttentionBackwardCase data = new(bench, [1, 2, 1, width]);
        bench.Launches();
        data.Run();
        string[] kernels = takesFlash ? _flash : ["Kernel_Queries", "Kernel_Keys"];
        Assert.Equal(kernels, bench.Launches()?[^2..] ?? kernels);
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
}
