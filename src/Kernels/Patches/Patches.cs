namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>patches[b, L + i*W/P + j, (c,p,q)] = image[b mod N, c, i*P + p, j*P + q]: the gather that turns the patch convolution into a linear map.</summary>
    /// <param name="image">[N,C,H,W], contiguous, fp32: the sampler's state, one row per image.</param>
    /// <param name="patches">[B,L+T,C P P], contiguous. With guidance B = 2N and every image is read twice.</param>
    /// <param name="patchSize">P; divides H and W.</param>
    /// <param name="leadingTokens">L: rows of each image before its patches, for tokens that are written after the embedding; here they are
    /// zeros.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Patchify(Tensor image, Tensor patches, int patchSize, int leadingTokens = 0)
    {
        RequirePatches(nameof(Patchify), image, patches, patchSize, leadingTokens);
        Require(patches.Shape[0] % image.Shape[0] == 0, nameof(Patchify), $"rows of patches {patches.Shape} are not a multiple of the images {image.Shape}");
        PatchifyCore(image, patches, patchSize, leadingTokens);
    }

    /// <summary>image[b, c, i*P + p, j*P + q] = tokens[b, L + i*W/P + j, (p,q,c)]: note that the channel is innermost here and outermost in <see cref="Patchify"/>.</summary>
    /// <param name="tokens">[B,L+T,P P C], contiguous.</param>
    /// <param name="image">[B,C,H,W], contiguous, fp32.</param>
    /// <param name="patchSize">P; divides H and W.</param>
    /// <param name="leadingTokens">L: rows of each image before its patches, which are not read.</param>
    /// <remarks>Source   DiT models.py, unpatchify ("nhwpqc->nchpwq").</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Unpatchify(Tensor tokens, Tensor image, int patchSize, int leadingTokens = 0)
    {
        RequirePatches(nameof(Unpatchify), image, tokens, patchSize, leadingTokens);
        Require(tokens.Shape[0] == image.Shape[0], nameof(Unpatchify), $"rows of tokens {tokens.Shape} are not the images {image.Shape}");
        UnpatchifyCore(tokens, image, patchSize, leadingTokens);
    }

    private static void RequirePatches(string op, Tensor image, Tensor patches, int patchSize, int leadingTokens)
    {
        Require(image.Shape.Rank == 4 && patches.Shape.Rank == 3, op, $"image {image.Shape} and patches {patches.Shape} must be [N,C,H,W] and [B,T,CPP]");
        Require(image.IsContiguous && patches.IsContiguous, op, "image and patches must be contiguous");
        int height = image.Shape[2], width = image.Shape[3];
        Require(patchSize > 0 && height % patchSize == 0 && width % patchSize == 0, op, $"patch size {patchSize} does not divide image {image.Shape}");
        Require(leadingTokens >= 0, op, $"{leadingTokens} leading tokens");
        Require(
            patches.Shape[1] == leadingTokens + (height / patchSize * (width / patchSize))
                && patches.Columns == image.Shape[1] * patchSize * patchSize,
            op,
            $"patches {patches.Shape} do not match image {image.Shape} with patch size {patchSize} and {leadingTokens} leading tokens");
    }

    /// <summary>The device's form of <see cref="Patchify"/>; shapes have been checked.</summary>
    protected abstract void PatchifyCore(Tensor image, Tensor patches, int patchSize, int leadingTokens);

    /// <summary>The device's form of <see cref="Unpatchify"/>; shapes have been checked.</summary>
    protected abstract void UnpatchifyCore(Tensor tokens, Tensor image, int patchSize, int leadingTokens);
}
