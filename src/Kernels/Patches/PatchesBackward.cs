namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>dTokens[b, i*W/P + j, (p,q,c)] = dImage[b, c, i*P + p, j*P + q]: the gradient of <see cref="Unpatchify"/>. <see cref="Patchify"/> needs
    /// none, since nothing before the image is trained.</summary>
    /// <param name="dImage">[B,C,H,W], contiguous, fp32.</param>
    /// <param name="dTokens">[B,T,P P C], contiguous.</param>
    /// <param name="patchSize">P; divides H and W.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void UnpatchifyBackward(Tensor dImage, Tensor dTokens, int patchSize)
    {
        RequirePatches(nameof(UnpatchifyBackward), dImage, dTokens, patchSize);
        Require(dTokens.Shape[0] == dImage.Shape[0], nameof(UnpatchifyBackward), $"rows of dTokens {dTokens.Shape} are not the images {dImage.Shape}");
        UnpatchifyBackwardCore(dImage, dTokens, patchSize);
    }

    /// <summary>The device's form of <see cref="UnpatchifyBackward"/>; shapes have been checked.</summary>
    protected abstract void UnpatchifyBackwardCore(Tensor dImage, Tensor dTokens, int patchSize);
}
