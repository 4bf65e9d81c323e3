using System.Globalization;

namespace L2c;

/// <summary>How the images of a set are cut into chunks: the unit that is made, kept and found again.</summary>
internal static class SampleChunks
{
    /// <summary>Images of a chunk; the last one may have fewer. A power of two.</summary>
    public const int Images = 32;

    /// <summary>Images of the largest set: numbers of chunks have six digits.</summary>
    public const int MaxImages = Images * 1_000_000;

    private const int Digits = 6;
    private const string Prefix = "chunk-", Extension = ".npz";

    /// <summary>Chunks of a set.</summary>
    public static int Count(int images) => (int)(((long)images + Images - 1) / Images);

    /// <summary>First image of a chunk, and how many it has.</summary>
    public static (int First, int Count) Of(int chunk, int images) => (chunk * Images, Math.Min(Images, images - (chunk * Images)));

    /// <summary>Name of a chunk's file.</summary>
    public static string FileName(int chunk) => $"{Prefix}{chunk.ToString($"D{Digits}", CultureInfo.InvariantCulture)}{Extension}";

    /// <summary>The chunks of a folder, whatever set they are of; files of other names are none.</summary>
    public static IEnumerable<string> FilesIn(string folder) => Directory.EnumerateFiles(folder, $"{Prefix}*{Extension}")
        .Where(path => Path.GetFileNameWithoutExtension(path)[Prefix.Length..] is { Length: Digits } number && number.All(char.IsAsciiDigit));

    /// <summary>Pixels of a chunk, as pictures and side by side.</summary>
    public static long Bytes(SampleJob job) => 2L * 3 * job.Kept * job.PictureSide * job.PictureSide;
}
