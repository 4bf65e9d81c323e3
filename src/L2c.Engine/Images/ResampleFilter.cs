namespace L2c;

/// <summary>What pixels are weighted with when a picture gets another size.</summary>
internal enum ResampleFilter
{
    /// <summary>The mean over the pixel's own area.</summary>
    Box,

    /// <summary>The cubic of Keys with a = -1/2.</summary>
    Bicubic,
}
