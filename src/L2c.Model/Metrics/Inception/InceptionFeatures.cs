using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>What is wanted of an image; a row of features holds what is wanted in this order.</summary>
[Flags]
public enum InceptionFeatures
{
    /// <summary>2048 means over space of the last block: FID, precision, recall.</summary>
    Pool = 1,
    /// <summary>2023 activations, [17, 17, 7], of a branch inside Mixed_6d, after its ReLU: sFID.</summary>
    Spatial = 2,
    /// <summary>1008 products of the classifier's weight with the pool, without its bias: Inception Score.</summary>
    Logits = 4,
    /// <summary>All of them.</summary>
    All = Pool | Spatial | Logits,
}

/// <summary>Where the features lie in a row.</summary>
public static class InceptionFeaturesExtensions
{
    /// <summary>Numbers per image.</summary>
    public static int Length(this InceptionFeatures features)
    {
        int length = 0;
        for (InceptionFeatures part = InceptionFeatures.Pool; part <= InceptionFeatures.Logits; part = (InceptionFeatures)((int)part << 1))
        {
            length += (features & part) == 0 ? 0 : PartLength(part);
        }

        return length;
    }

    /// <summary>A part of a row.</summary>
    /// <param name="features">What the row holds.</param>
    /// <param name="part">Pool, Spatial or Logits, which must be among them.</param>
    public static Range RangeOf(this InceptionFeatures features, InceptionFeatures part)
    {
        if ((features & part) != part)
        {
            throw new ArgumentException($"features {features} do not hold {part}");
        }

        int first = (features & (part - 1)).Length();
        return first..(first + PartLength(part));
    }

    private static int PartLength(InceptionFeatures part) => part switch
    {
        InceptionFeatures.Pool => InceptionStructure.PoolLength,
        InceptionFeatures.Spatial => InceptionStructure.SpatialSide * InceptionStructure.SpatialSide * InceptionStructure.SpatialChannels,
        InceptionFeatures.Logits => InceptionStructure.Classes,
        _ => throw new ArgumentException($"{part} is not one part of the features"),
    };
}
