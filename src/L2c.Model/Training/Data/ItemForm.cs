namespace L2c.Model.Training.Data;

/// <summary>What every item of a set is stored as.</summary>
/// <param name="Channels">C of what is stored; of moments twice that of a latent: means, then logarithms of variances.</param>
/// <param name="Size">H and W.</param>
/// <param name="Views">Of moments 1, or 2 where a picture is also stored mirrored; 0 of images and latents.</param>
internal readonly record struct ItemForm(int Channels, int Size, int Views)
{
    /// <summary>Whether latents are drawn from the items.</summary>
    public bool IsMoments => Views > 0;

    /// <summary>C of what a network reads.</summary>
    public int ReadChannels => IsMoments ? Channels / 2 : Channels;

    /// <summary>Values of a view.</summary>
    public int Length => checked(Channels * Size * Size);

    /// <summary>As <c>4x32x32</c>, of moments as <c>2 views of moments 8x32x32</c>.</summary>
    public override string ToString() => $"{(IsMoments ? $"{Views} view{(Views == 1 ? "" : "s")} of moments " : "")}{Channels}x{Size}x{Size}";
}
