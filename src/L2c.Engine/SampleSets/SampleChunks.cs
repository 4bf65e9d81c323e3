using System.Globalization;

namespace L2c;

/// <summary>How the images of a set are cut into chunks: the unit that is made, kept and found again.</summary>
internal static class SampleChunks
{
    /// <summary>Images of a chunk; the last one may have fewer. A power of two.</summary>
    public const int Images = 32;

    /// <summary>Chunks of a set.</summary>
    public static int Count(int images) => (int)(((long)images + Images - 1) / Images);

    /// <summary>First image of a chunk, and how many it has.</summary>
    public static (int First, int Count) Of(int chunk, int images) => (chunk * Images, Math.Min(Images, images - (chunk * Images)));

    /// <summary>Name of a chunk's file.</summary>
    public static string FileName(int chunk) => $"chunk-{chunk.ToString("D6", CultureInfo.InvariantCulture)}.npz";

    /// <summary>Pixels of a chunk, as pictures and side by side.</summary>
    public static long Bytes(SampleJob job) => 2L * 3 * job.Kept * job.PictureSide * job.PictureSide;
}
