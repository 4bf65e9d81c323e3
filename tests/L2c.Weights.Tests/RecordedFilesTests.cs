using System.Runtime.InteropServices;
using L2c.Testing;
using L2c.Weights.PyTorch;

namespace L2c.Weights.Tests;

/// <summary>The files that PyTorch itself wrote: every container of the same model reads to the same tensors.</summary>
public class RecordedFilesTests
{
    private const string NoData = "recorded data not found: set L2C_GOLDENS, L2C_CHECKPOINTS, L2C_ROUTERS, L2C_MODELS";

    private static string Fixtures =>
        Path.Combine(RepositoryPaths.Root ?? throw new DirectoryNotFoundException("the tests run outside a checkout"), "tests", "fixtures");

    [Fact]
    public void Odd_strides_offsets_and_shared_storages()
    {
        string expected = Path.Combine(Fixtures, "goldens", "odd_tensors_expected.safetensors");
        AssertSame(Path.Combine(Fixtures, "checkpoints", "odd_tensors_strides_shared.pt"), expected);
    }

    [Fact]
    public void A_router_in_the_published_form_has_logits_settings_and_no_code()
    {
        using TensorFile file = TensorFiles.Open(Path.Combine(Fixtures, "checkpoints", "dit_a_l2c_ddim9_thr0.5_cfg1.5_router.pt"));
        Assert.Equal(Enumerable.Range(0, 9).Select(i => $"routers.{i}.prob"), file.Tensors.Select(t => t.Name));
        Assert.All(file.Tensors, t => Assert.Equal(TensorType.F32, t.Type));
        Assert.Equal(25, ((PyTorchFile)file).Scalars.Count);
        Assert.Contains(((PyTorchFile)file).Scalars, pair => pair is { Key: "args.num_sampling_steps", Value: 9L });
    }

    [Theory]
    [InlineData("dit_a_plain.pt", "dit_a_weights", "")]
    [InlineData("dit_a_legacy_nonzip.pt", "dit_a_weights", "")]
    [InlineData("dit_a_model_ema.pt", "dit_a_weights", "ema.")]
    [InlineData("dit_a_fp16.pt", "dit_a_weights", "")]
    [InlineData("dit_a_bf16_mixed.pt", "dit_a_weights", "")]
    [InlineData("dit_b_plain.pt", "dit_b_weights", "")]
    [InlineData("uvit_a_plain.pth", "uvit_a_weights", "")]
    [InlineData("uvit_b_plain.pth", "uvit_b_weights", "")]
    [InlineData("vae_tiny.pth", "vae_tiny_weights", "")]
    public void A_checkpoint_holds_the_recorded_weights(string checkpoint, string weights, string prefix)
    {
        Assert.SkipUnless(RepositoryPaths.Checkpoints is not null && RepositoryPaths.Goldens is not null, NoData);
        string expected = Path.Combine(RepositoryPaths.Goldens, $"{weights}.safetensors");
        AssertSame(Path.Combine(RepositoryPaths.Checkpoints, checkpoint), expected, prefix);
    }

    [Fact]
    public void The_other_half_of_a_training_checkpoint_is_different_and_its_settings_are_there()
    {
        Assert.SkipUnless(RepositoryPaths.Checkpoints is not null, NoData);
        using TensorFile file = TensorFiles.Open(Path.Combine(RepositoryPaths.Checkpoints, "dit_a_model_ema.pt"));
        Assert.NotEqual(file.Bytes("ema.x_embedder.proj.weight"), file.Bytes("model.x_embedder.proj.weight"));
        Assert.Contains(((PyTorchFile)file).Scalars, pair => pair.Key.StartsWith("args.", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_recorded_checkpoint_router_and_model_reads_to_the_end()
    {
        string?[] folders = [RepositoryPaths.Checkpoints, RepositoryPaths.Routers, RepositoryPaths.Models];
        Assert.SkipUnless(folders.All(folder => folder is not null), NoData);
        string[] files = [.. folders.SelectMany(folder => Directory.EnumerateFiles(folder!)).Where(f => Path.GetExtension(f) is ".pt" or ".pth")];
        Assert.True(files.Length >= 29);
        foreach (string path in files)
        {
            using TensorFile file = TensorFiles.Open(path);
            Assert.NotEmpty(file.Tensors);
            foreach (TensorInfo tensor in file.Tensors)
            {
                _ = file.Bytes(tensor.Name);
            }
        }
    }

    [Fact]
    public void A_published_router_has_one_logit_per_branch_and_its_training_arguments()
    {
        Assert.SkipUnless(RepositoryPaths.Routers is not null, NoData);
        using TensorFile file = TensorFiles.Open(Path.Combine(RepositoryPaths.Routers, "DDIM20_router.pt"));
        Assert.Equal([56L], file.Find("routers.0.prob")!.Shape);
        IReadOnlyDictionary<string, object?> scalars = ((PyTorchFile)file).Scalars;
        Assert.Equal("DiT-XL/2", scalars["args.model"]);
        Assert.Equal(20L, scalars["args.num_sampling_steps"]);
        Assert.Null(scalars["args.ste_threshold"]);
    }

    /// <summary>Compares each tensor of the expected file; where the other stores a smaller type, with the expected value rounded to it.</summary>
    private static void AssertSame(string actualPath, string expectedPath, string prefix = "")
    {
        using TensorFile actual = TensorFiles.Open(actualPath), expected = TensorFiles.Open(expectedPath);
        Assert.NotEmpty(expected.Tensors);
        Assert.Equal(
            expected.Tensors.Select(t => prefix + t.Name).Order(),
            actual.Tensors.Select(t => t.Name).Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order());
        foreach (TensorInfo wanted in expected.Tensors)
        {
            TensorInfo found = actual.Find(prefix + wanted.Name)!;
            Assert.Equal(wanted.Shape, found.Shape);
            byte[] bytes = expected.Bytes(wanted.Name);
            Assert.Equal(wanted.Type == TensorType.F32 ? Rounded(bytes, found.Type) : bytes, actual.Bytes(found.Name));
        }
    }

    private static byte[] Rounded(byte[] floats, TensorType type)
    {
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(floats);
        ushort[] halves = new ushort[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            halves[i] = type == TensorType.BF16 ? RoundToBFloat16(values[i]) : BitConverter.HalfToUInt16Bits((Half)values[i]);
        }

        return type == TensorType.F32 ? floats : MemoryMarshal.AsBytes(halves.AsSpan()).ToArray();
    }

    /// <summary>To nearest, ties to even; the weights hold no NaN.</summary>
    private static ushort RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
