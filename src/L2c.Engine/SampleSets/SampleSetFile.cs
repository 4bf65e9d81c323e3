using System.Buffers.Binary;
using System.Security.Cryptography;
using L2c.Weights;
using L2c.Weights.Npy;

namespace L2c;

/// <summary>The one file of a set: <c>arr_0</c>, the images [N, H, W, 3], and <c>arr_1</c>, their classes, as ADM's sampler writes them; and
/// <c>l2c</c>, the settings as JSON, which other readers leave out.</summary>
internal static class SampleSetFile
{
    private const string Images = "arr_0", Labels = "arr_1", Settings = SampleDescription.Key;

    /// <summary>The settings of a file that this class has written; null where it is none.</summary>
    public static SampleSetSettings? SettingsIn(string path)
    {
        try
        {
            using var archive = NpzArchive.Open(path);
            return archive.ReadBytes(Settings, ReadLimits.SettingsBytes) is { } bytes ? SampleSetSettings.TryParse(bytes) : null;
        }
        catch (MalformedFileException)
        {
            return null;
        }
    }

    /// <summary>Joins all chunks. The same chunks give the same bytes.</summary>
    /// <param name="folder">The chunks, all of which are there.</param>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <returns>SHA-256 of the file.</returns>
    /// <exception cref="MalformedFileException">A chunk is damaged.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static string Join(SampleSetFolder folder, string path, bool overwrite, TaskContext context)
    {
        SampleSetSettings settings = folder.Settings;
        using AtomicFile file = new(path, overwrite);
        Action step = context.Begin($"joining {settings.Chunks} chunks", settings.Chunks);
        NpzWriter writer = new(file.Stream);
        writer.Begin(Images, TensorType.U8, settings.Images, settings.Height, settings.Width, 3);
        for (int chunk = 0; chunk < settings.Chunks; chunk++)
        {
            context.Cancel.ThrowIfCancellationRequested();
            writer.Write(folder.Read(chunk));
            step();
        }

        writer.End();
        if (settings.Classes is { } classes)
        {
            writer.Begin(Labels, TensorType.I64, settings.Images);
            byte[] label = new byte[sizeof(long)];
            for (int image = 0; image < settings.Images; image++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(label, classes[image % classes.Length]);
                writer.Write(label);
            }

            writer.End();
        }

        byte[] description = settings.ToUtf8();
        writer.Begin(Settings, TensorType.U8, description.Length);
        writer.Write(description);
        writer.End();
        writer.Finish();
        file.Stream.Position = 0;
        string hash = Convert.ToHexStringLower(SHA256.HashData(file.Stream));
        file.Commit();
        return hash;
    }
}
