using L2c.Kernels;
using L2c.Model.Networks;

namespace L2c.Model.Autoencoder;

/// <summary>One pass of the encoder or of the decoder: enqueues its ops, in order, into memory that later ops use again.</summary>
/// <remarks>
/// Every method takes the tensor that it is given out of use and returns another or the same, with the result. Images and latents are
/// [B,C,H,W] in fp32 at both ends, [B,H,W,C] in the device's storage type between. Source: ldm/modules/diffusionmodules/model.py.
/// </remarks>
/// <param name="device">Where ops go.</param>
/// <param name="memory">For what lies between.</param>
/// <param name="tap">Sees intermediate results, or null. Only outside recording.</param>
internal readonly struct AutoencoderPass(Device device, ReusedMemory memory, ForwardTap? tap)
{
    /// <summary>Enqueues the encoder.</summary>
    /// <param name="weights">The encoder's.</param>
    /// <param name="image">[B,3,H,W], in [-1, 1].</param>
    /// <param name="moments">[B,2L,H/8,W/8].</param>
    public void Encode(CoderWeights weights, Tensor image, Tensor moments)
    {
        Tensor x = Tap("conv_in", Convolve(Enter(image), weights.In));
        for (int level = 0; level < weights.Levels.Length; level++)
        {
            x = Blocks(x, weights.Levels[level].Blocks);
            if (weights.Levels[level].Resample is { } halving)
            {
                x = Tap($"down.{level}.downsample", Convolve(x, halving));
            }
        }

        x = Finish(Middle(x, weights.Middle), weights);
        Leave(Convolve(Tap("conv_out", x), weights.Quantization), moments);
    }

    /// <summary>Enqueues the decoder.</summary>
    /// <param name="weights">The decoder's.</param>
    /// <param name="latents">[B,L,h,w], as the diffusion model makes them.</param>
    /// <param name="image">[B,3,8h,8w].</param>
    public void Decode(CoderWeights weights, Tensor latents, Tensor image)
    {
        Tensor x = Tap("post_quant_conv", Convolve(Enter(latents), weights.Quantization));
        x = Middle(Tap("conv_in", Convolve(x, weights.In)), weights.Middle);
        for (int level = 0; level < weights.Levels.Length; level++)
        {
            x = Blocks(x, weights.Levels[level].Blocks);
            if (weights.Levels[level].Resample is { } convolution)
            {
                x = Tap($"up.{weights.Levels.Length - 1 - level}.upsample", Convolve(Double(x), convolution));
            }
        }

        Leave(Finish(x, weights), image);
    }

    /// <summary>[B,C,H,W] in fp32 to [B,H,W,C].</summary>
    private Tensor Enter(Tensor image)
    {
        int batch = image.Shape[0], channels = image.Shape[1], height = image.Shape[2], width = image.Shape[3];
        Tensor pixels = memory.Take(batch, height * width, channels);
        device.Patchify(image, pixels, 1);
        return pixels.Reshape(batch, height, width, channels);
    }

    /// <summary>And back.</summary>
    private void Leave(Tensor x, Tensor image)
    {
        device.Unpatchify(x.Reshape(x.Shape[0], x.Shape[1] * x.Shape[2], x.Columns), image, 1);
        memory.Return(x);
    }

    private Tensor Convolve(Tensor x, ConvolutionWeights weights)
    {
        Window window = weights.Window;
        Tensor y = memory.Take(x.Shape[0], window.OutputHeight(x.Shape[1]), window.OutputWidth(x.Shape[2]), weights.Weight.Outputs);
        weights.Forward(device, x, y);
        memory.Return(x);
        return y;
    }

    private Tensor Double(Tensor x)
    {
        Tensor y = memory.Take(x.Shape[0], 2 * x.Shape[1], 2 * x.Shape[2], x.Columns);
        device.Upsample(x, y);
        memory.Return(x);
        return y;
    }

    private Tensor Blocks(Tensor x, ResidualWeights[] blocks)
    {
        foreach (ResidualWeights block in blocks)
        {
            x = Residual(x, block);
        }

        return x;
    }

    /// <summary>The second convolution adds to x where it stands; with a shortcut x is its input's own place from then on.</summary>
    private Tensor Residual(Tensor x, ResidualWeights weights)
    {
        Tensor sum = x, normed;
        if (weights.Shortcut is { } shortcut)
        {
            sum = Like(x, shortcut.Weight.Outputs);
            shortcut.Forward(device, x, sum);
            normed = x;
        }
        else
        {
            normed = Like(x, x.Columns);
        }

        weights.Norm1.Forward(device, x, normed, Activation.Silu);
        Tensor hidden = Convolve(normed, weights.Convolution1);
        weights.Norm2.Forward(device, hidden, hidden, Activation.Silu);
        weights.Convolution2.Forward(device, hidden, sum, accumulates: true);
        memory.Return(hidden);
        return sum;
    }

    private Tensor Middle(Tensor x, MiddleWeights weights)
    {
        x = Tap("mid.block_1", Residual(x, weights.Block1));
        x = Tap("mid.attn_1", Attend(x, weights));
        return Tap("mid.block_2", Residual(x, weights.Block2));
    }

    private Tensor Attend(Tensor x, MiddleWeights weights)
    {
        int batch = x.Shape[0], tokens = x.Shape[1] * x.Shape[2], channels = x.Columns;
        Tensor normed = Like(x, channels);
        weights.Norm.Forward(device, x, normed, Activation.None);
        Tensor qkv = memory.Take(batch, tokens, 3 * channels);
        device.Linear(normed, weights.Qkv.Weight, weights.Qkv.Bias, qkv);
        Tensor heads = normed.Reshape(batch, tokens, channels);
        device.Attention(qkv, heads, 1);
        memory.Return(qkv);
        device.Linear(heads, weights.Projection.Weight, weights.Projection.Bias, x, accumulates: true);
        memory.Return(heads);
        return x;
    }

    private Tensor Finish(Tensor x, CoderWeights weights)
    {
        weights.NormOut.Forward(device, x, x, Activation.Silu);
        return Convolve(Tap("norm_out", x), weights.Out);
    }

    private Tensor Like(Tensor x, int channels) => memory.Take(x.Shape[0], x.Shape[1], x.Shape[2], channels);

    private Tensor Tap(string stage, Tensor x)
    {
        tap?.Invoke(stage, x);
        return x;
    }
}
