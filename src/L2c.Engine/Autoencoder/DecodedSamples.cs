namespace L2c;

/// <summary>Latents decoded to pictures.</summary>
/// <param name="Images">One per sample.</param>
/// <param name="Uncached">The same of the samples without caching; null where the run was not compared.</param>
/// <param name="Ms">Milliseconds of planning and all passes of the decoder.</param>
/// <param name="PassBytes">What the passes took on the device beside the decoder's weights.</param>
public sealed record DecodedSamples(IReadOnlyList<RgbImage> Images, IReadOnlyList<RgbImage>? Uncached, double Ms, long PassBytes);
