using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Model.Tests.Golden;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Autoencoder;

/// <summary>A deliberate fault that the recorded autoencoder must reject.</summary>
public enum AutoencoderFault
{
    /// <summary>The encoder's halving convolutions padded above and to the left.</summary>
    PaddedBefore,
    /// <summary>PyTorch's default epsilon in the norms.</summary>
    EpsilonOfLayers,
    /// <summary>Latents not divided by the scale, or not multiplied.</summary>
    ScaleMissing,
    /// <summary>Scores of the attention not divided by sqrt(C).</summary>
    ScoresUnscaled,
    /// <summary>Norms of 16 groups.</summary>
    HalfTheGroups,
    /// <summary>Norms without the activation that follows them.</summary>
    ActivationMissing,
    /// <summary>Convolutions that overwrite what they should be added to.</summary>
    ResidualDropped,
    /// <summary>Doubled images shifted by a pixel.</summary>
    UpsampledOffPlace,
}

/// <summary>The recorded autoencoder is reproduced under either layout's names, and rejects each fault.</summary>
public sealed class AutoencoderFaultTests
{
    private static readonly GoldenCase? _golden = GoldenManifest.Cases.FirstOrDefault(golden => golden.Kind == "vae");

    [Theory]
    [InlineData(AutoencoderFault.PaddedBefore, "enc.down.0.downsample")]
    [InlineData(AutoencoderFault.ScaleMissing, "dec.post_quant_conv")]
    [InlineData(AutoencoderFault.ScaleMissing, "z_sample")]
    [InlineData(AutoencoderFault.ScoresUnscaled, "dec.mid.attn_1")]
    [InlineData(AutoencoderFault.HalfTheGroups, "dec.mid.block_1")]
    [InlineData(AutoencoderFault.ActivationMissing, "moments")]
    [InlineData(AutoencoderFault.ResidualDropped, "enc.mid.block_1")]
    [InlineData(AutoencoderFault.UpsampledOffPlace, "dec.up.3.upsample")]
    public void Planted_fault_is_rejected_where_it_is_first_seen(AutoencoderFault fault, string tensor)
    {
        GoldenCase golden = Recorded();
        using FaultyDevice device = new(fault);
        GoldenResult result = VaeGolden.Run(golden, device, fault == AutoencoderFault.ScaleMissing ? a => a with { LatentScale = 1 } : null);
        Assert.False(Assert.Single(result.Comparisons, comparison => comparison.Tensor == tensor).Passed, tensor);
    }

    /// <summary>The recorded activations are so large that this fault stays near the bounds; against a run without it, it stands out.</summary>
    [Fact]
    public void Another_epsilon_is_far_from_the_recording()
    {
        GoldenCase golden = Recorded();
        using CpuDevice right = new();
        using FaultyDevice wrong = new(AutoencoderFault.EpsilonOfLayers);
        double error = Error(right), fault = Error(wrong);
        Assert.InRange(error, 0, fault / 5);

        double Error(Device device) =>
            VaeGolden.Run(golden, device).Comparisons.Single(comparison => comparison.Tensor == "enc.mid.block_1").RootMeanSquare;
    }

    [Fact]
    public void Under_diffusers_names_the_same_autoencoder_gives_the_same_bits()
    {
        GoldenCase golden = Recorded();
        string published = GoldenNetwork.WeightsFile(golden);
        string other = published.Replace(".safetensors", "_diffusers_names.safetensors", StringComparison.Ordinal);
        Assert.SkipUnless(File.Exists(Path.Combine(golden.Folder, other)), $"{other} is not there");
        using GoldenTensors recorded = golden.Open();
        float[] latents = recorded.Floats("z");
        using CpuDevice device = new();
        Assert.Equal(Decode(published), Decode(other));

        float[] Decode(string file)
        {
            long[] shape = recorded.Shape("z");
            float[] images = new float[recorded.Info("decoded").Count];
            using AutoencoderModel model = VaeGolden.Load(golden, VaeGolden.Architecture(golden.File, golden.Config), file, device);
            using ImageDecoder decoder = new(model, (int)shape[0], (int)shape[2], (int)shape[3]);
            decoder.Decode(latents, images);
            return images;
        }
    }

    private static GoldenCase Recorded()
    {
        Assert.SkipUnless(_golden is not null && GoldenRunner.MissingFile(_golden) is null, "the recorded autoencoder is not there");
        return _golden!;
    }

    private sealed class FaultyDevice(AutoencoderFault fault) : CpuDevice
    {
        private bool _onPaper;

        public override IReadOnlyList<OpInfo> List(Action enqueue)
        {
            _onPaper = true;
            IReadOnlyList<OpInfo> ops = base.List(enqueue);
            _onPaper = false;
            return ops;
        }

        protected override void ConvolutionCore(
            Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation, bool accumulates)
        {
            Window moved = fault == AutoencoderFault.PaddedBefore && window.Stride == 2
                ? window with { Top = 1, Left = 1, Bottom = 0, Right = 0 }
                : window;
            base.ConvolutionCore(x, weight, bias, y, moved, activation, accumulates && fault != AutoencoderFault.ResidualDropped);
        }

        protected override void GroupNormCore(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation) =>
            base.GroupNormCore(
                x, gamma, beta, y,
                fault == AutoencoderFault.HalfTheGroups ? groups / 2 : groups,
                fault == AutoencoderFault.EpsilonOfLayers ? 1e-5f : epsilon,
                fault == AutoencoderFault.ActivationMissing ? Activation.None : activation);

        protected override unsafe void AttentionCore(Tensor qkv, Tensor y, int heads)
        {
            if (fault == AutoencoderFault.ScoresUnscaled && !_onPaper)
            {
                float undo = MathF.Sqrt(y.Columns);
                for (int row = 0; row < qkv.Rows; row++)
                {
                    foreach (ref float value in new Span<float>((float*)qkv.Address + ((long)row * qkv.RowStride), y.Columns))
                    {
                        value *= undo;
                    }
                }
            }

            base.AttentionCore(qkv, y, heads);
        }

        protected override unsafe void UpsampleCore(Tensor x, Tensor y)
        {
            base.UpsampleCore(x, y);
            if (fault == AutoencoderFault.UpsampledOffPlace && !_onPaper)
            {
                Span<float> whole = new((float*)y.Address, checked((int)y.Shape.Count));
                whole[..^y.Columns].CopyTo(whole[y.Columns..]);
            }
        }
    }
}
