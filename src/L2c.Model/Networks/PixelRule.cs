namespace L2c.Model.Networks;

/// <summary>How the authors of a network make 8-bit pixels of values in about [-1, 1]. On paper both are 127.5 x + 128, clamped and truncated; they
/// round on the way at different places.</summary>
public enum PixelRule
{
    /// <summary>127.5 x + 128 clamped to [0, 255], then truncated. Source: DiT sample_ddp.py.</summary>
    Bytes,

    /// <summary>v = (x + 1) / 2 clamped to [0, 1]; 255 v + 1/2 truncated. Source: U-ViT, torchvision.utils.save_image.</summary>
    UnitInterval,
}

/// <summary>The rules' formulas.</summary>
public static class PixelRules
{
    /// <summary>A pixel's value of one colour; 0 for what is not a number.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="value">In about [-1, 1].</param>
    public static byte Apply(this PixelRule rule, float value) => rule == PixelRule.Bytes
        ? (byte)Math.Clamp((127.5f * value) + 128f, 0f, 255f)
        : (byte)((255f * Math.Clamp(0.5f * (value + 1f), 0f, 1f)) + 0.5f);
}
