namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>dTokens[b, L + i*W/P + j, (p,q,c)] = dImage[b, c, i*P + p, j*P + q]: the gradient of <see cref="Unpatchify"/>. <see cref="Patchify"/> needs
    /// none, since nothing before the image is trained.</summary>
    /// <param name="dImage">[B,C,H,W], contiguous, fp32.</param>
    /// <param name="dTokens">[B,L+T,P P C], contiguous.</param>
    /// <param name="patchSize">P; divides H and W.</param>
    /// <param name="leadingTokens">L: rows of each image before its patches; the image does not depend on them, so they become zeros.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void UnpatchifyBackward(Tensor dImage, Tensor dTokens, int patchSize, int leadingTokens = 0)
    {
        RequirePatches(nameof(UnpatchifyBackward), dImage, dTokens, patchSize, leadingTokens);
        Require(dTokens.Shape[0] == dImage.Shape[0], nameof(UnpatchifyBackward), $"rows of dTokens {dTokens.Shape} are not the images {dImage.Shape}");
        UnpatchifyBackwardCore(dImage, dTokens, patchSize, leadingTokens);
    }

    /// <summary>The device's form of <see cref="UnpatchifyBackward"/>; shapes have been checked.</summary>
    protected abstract void UnpatchifyBackwardCore(Tensor dImage, Tensor dTokens, int patchSize, int leadingTokens);
}
