using L2c.Weights;
using L2c.Weights.Npy;

namespace L2c;

/// <summary>A folder of finished chunks and their settings.</summary>
/// <remarks>A chunk is an npz file of its own, whose checksum is verified when it is read; it appears complete or not at all.</remarks>
internal sealed class SampleSetFolder
{
    private const string SettingsName = "settings.json", ImagesName = "arr_0";

    private readonly byte[] _pixels;
    private bool _isStale;

    private SampleSetFolder(string path, SampleSetSettings settings, bool isStale)
    {
        (Path, Settings, _isStale) = (path, settings, isStale);
        _pixels = new byte[Math.Min(settings.Images, SampleChunks.Images) * settings.ImageBytes];
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>What all chunks have in common.</summary>
    public SampleSetSettings Settings { get; }

    /// <summary>Opens a folder that has chunks.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there.</exception>
    /// <exception cref="RequestException">There are no settings, so it is none.</exception>
    /// <exception cref="MalformedFileException">The settings are damaged.</exception>
    public static SampleSetFolder Open(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException($"{path}: there is no such folder; name the --out of l2c sample --ranks N");
        }

        string settings = System.IO.Path.Combine(path, SettingsName);
        return File.Exists(settings)
            ? new SampleSetFolder(path, SampleSetSettings.Read(settings), isStale: false)
            : throw new RequestException(
                $"{path}: has no {SettingsName}, so it is not a folder of sampled chunks; name the --out of l2c sample --ranks N");
    }

    /// <summary>Holds a folder against the settings of a set. Writes nothing.</summary>
    /// <param name="path">The folder, which is there.</param>
    /// <param name="settings">Of the set.</param>
    /// <param name="anew">Whether chunks of other settings will be deleted; otherwise they are an error.</param>
    /// <exception cref="RequestException">There are chunks of other settings, or of unknown ones.</exception>
    /// <exception cref="MalformedFileException">The settings are damaged, or a file of that name is something else.</exception>
    public static SampleSetFolder Settle(string path, SampleSetSettings settings, bool anew)
    {
        AtomicFile.RemoveLeftovers(path);

        // In this order: whoever writes chunks has written settings before.
        bool hasChunks = SampleChunks.FilesIn(path).Any();
        return new SampleSetFolder(path, settings, isStale: Differs(path, settings, hasChunks, mayDiffer: anew));
    }

    /// <summary>Makes the folder one of this set, before the first chunk is written.</summary>
    /// <exception cref="RequestException">Another process has meanwhile made it one of another set.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Begin()
    {
        string file = System.IO.Path.Combine(Path, SettingsName);
        if (_isStale)
        {
            Delete(Path);
            _isStale = false;
        }

        if (!File.Exists(file))
        {
            try
            {
                Settings.Write(file);
            }
            catch (IOException) when (File.Exists(file))
            {
                // Another rank was first; it is held against that.
            }
        }

        _ = Differs(Path, Settings, hasChunks: true, mayDiffer: false);
    }

    /// <summary>Whether a folder has chunks of a set, or none at all: then they may be deleted once the set is finished.</summary>
    public static bool IsOf(string path, SampleSetSettings settings)
    {
        try
        {
            return !Differs(path, settings, SampleChunks.FilesIn(path).Any(), mayDiffer: true);
        }
        catch (Exception e) when (e is RequestException or MalformedFileException)
        {
            return false;
        }
    }

    /// <summary>Deletes chunks and then settings: a process that is killed meanwhile leaves settings as long as there are chunks.</summary>
    public static void Delete(string path)
    {
        foreach (string chunk in SampleChunks.FilesIn(path))
        {
            File.Delete(chunk);
        }

        File.Delete(System.IO.Path.Combine(path, SettingsName));
    }

    /// <summary>Whether a chunk is there.</summary>
    public bool Has(int chunk) => !_isStale && File.Exists(FileOf(chunk));

    /// <summary>Writes a chunk; one that another process has written meanwhile is replaced by the same.</summary>
    /// <param name="chunk">Its number.</param>
    /// <param name="pixels">[n, H, W, 3].</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(int chunk, byte[] pixels) => AtomicFile.Write(FileOf(chunk), overwrite: true, stream =>
    {
        int count = SampleChunks.Of(chunk, Settings.Images).Count;
        NpzWriter writer = new(stream);
        writer.Begin(ImagesName, TensorType.U8, count, Settings.Height, Settings.Width, 3);
        writer.Write(pixels.AsSpan(0, count * Settings.ImageBytes));
        writer.End();
        writer.Finish();
    });

    /// <summary>Reads a chunk; the bytes are valid until the next one is read.</summary>
    /// <exception cref="MalformedFileException">It is damaged, or no chunk of this set.</exception>
    public ReadOnlySpan<byte> Read(int chunk)
    {
        string path = FileOf(chunk);
        try
        {
            int count = SampleChunks.Of(chunk, Settings.Images).Count;
            using var archive = NpzArchive.Open(path);
            NpzImages images = archive.Images();
            if (images.Count != count || images.Height != Settings.Height || images.Width != Settings.Width)
            {
                throw new MalformedFileException(
                    path,
                    $"has {images.Count} images of {images.Height} x {images.Width} instead of {count} of {Settings.Height} x {Settings.Width}");
            }

            Span<byte> pixels = _pixels.AsSpan(0, count * Settings.ImageBytes);
            images.Read(0, pixels);
            return pixels;
        }
        catch (MalformedFileException e)
        {
            // What helps with npz files of elsewhere does not help here.
            string problem = e.Message[(e.FilePath.Length + 2)..].Split("; ")[0];
            throw new MalformedFileException(path, $"{problem}; delete it, and run the command that made it again", e);
        }
    }

    /// <summary>Deletes a chunk if it is damaged.</summary>
    /// <returns>Whether it was.</returns>
    public bool DeleteIfDamaged(int chunk)
    {
        try
        {
            _ = Read(chunk);
            return false;
        }
        catch (MalformedFileException)
        {
            File.Delete(FileOf(chunk));
            return true;
        }
    }

    private string FileOf(int chunk) => System.IO.Path.Combine(Path, SampleChunks.FileName(chunk));

    /// <returns>Whether there are settings of another set.</returns>
    private static bool Differs(string path, SampleSetSettings settings, bool hasChunks, bool mayDiffer)
    {
        string file = System.IO.Path.Combine(path, SettingsName);
        if (File.Exists(file))
        {
            string? difference = settings.DifferenceTo(SampleSetSettings.Read(file));
            return difference is null || mayDiffer
                ? difference is not null
                : throw new RequestException($"{path}: the chunks there were made with {difference}; use the same settings, or another --out");
        }

        return hasChunks
            ? throw new RequestException(
                $"{path}: has chunks but no {SettingsName}, so it is unknown what they were made with; restore it, or use another --out")
            : false;
    }
}
