using System.Globalization;

namespace L2c.Model.Training.Data;

/// <summary>A finished shard: a safetensors file with <c>moments</c> [n, views, 2C, h, h] and <c>labels</c> [n].</summary>
/// <param name="File">Its name.</param>
/// <param name="First">Its first picture, counted in the order of the set.</param>
/// <param name="Next">The picture behind its last one.</param>
/// <param name="Images">n.</param>
/// <param name="Skipped">Pictures between that cannot be read: paths below the folder of pictures.</param>
/// <param name="Sources">SHA-256 of the lines of all these pictures, as <see cref="DataName.Line"/> has them, each with a line feed.</param>
/// <param name="Sha256">SHA-256 of the file.</param>
public sealed record LatentShard(string File, int First, int Next, int Images, IReadOnlyList<string> Skipped, string Sources, string Sha256)
{
    /// <summary>Names of all shards.</summary>
    public const string Pattern = "latents-*.safetensors";

    /// <summary>Name of the tensor of moments.</summary>
    public const string MomentName = LabelledTensors.MomentName;

    /// <summary>Name of the tensor of labels.</summary>
    public const string LabelName = LabelledTensors.LabelName;

    /// <summary>Key of the metadata that name the pictures of a shard's rows: JSON, an array of paths below the folder of pictures.</summary>
    public const string SourcesKey = "l2c.pictures";

    /// <summary>Name of a shard.</summary>
    /// <param name="number">From 0.</param>
    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"latents-{number:00000}.safetensors");
}
