using System.Globalization;

namespace L2c.Model.Training.Data;

/// <summary>A finished shard: a safetensors file with <c>moments</c> [n, views, 2C, h, h] and <c>labels</c> [n].</summary>
/// <param name="File">Its name.</param>
/// <param name="First">Its first picture, counted in the order of the set.</param>
/// <param name="Next">The picture after its last one.</param>
/// <param name="Images">n.</param>
/// <param name="Skipped">Pictures between that cannot be read: paths below the folder of pictures.</param>
/// <param name="Sources">SHA-256 of the lines of all these pictures, as <see cref="DataName.Line"/> has them, each with a line feed.</param>
/// <param name="Sha256">SHA-256 of the file.</param>
public sealed record LatentShard(string File, int First, int Next, int Images, IReadOnlyList<string> Skipped, string Sources, string Sha256)
{
    /// <summary>Name of the tensor of moments.</summary>
    public const string MomentName = LabelledTensors.MomentName;

    /// <summary>Name of the tensor of labels.</summary>
    public const string LabelName = LabelledTensors.LabelName;

    /// <summary>Key of the metadata that name the pictures of a shard's rows: JSON, an array of paths below the folder of pictures.</summary>
    public const string SourcesKey = "l2c.pictures";

    private const string Stem = "latents-", Extension = ".safetensors";

    /// <summary>Name of a shard.</summary>
    /// <param name="number">From 0.</param>
    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{Stem}{number:00000}{Extension}");

    /// <summary>Whether a file has the name of a shard.</summary>
    public static bool IsName(string name) =>
        name.Length > Stem.Length + Extension.Length
        && int.TryParse(name.AsSpan()[Stem.Length..^Extension.Length], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && name == NameOf(number);
}
