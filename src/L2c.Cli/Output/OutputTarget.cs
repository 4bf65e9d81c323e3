using System.Globalization;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c.Cli.Output;

/// <summary>Where results go: a named file and its siblings, or the next free number in a folder.</summary>
/// <remarks>Folders that this object has created and nothing was written to are removed again on disposal.</remarks>
internal sealed class OutputTarget : IDisposable
{
    private const string DefaultFolder = "samples";
    private const string Extension = ".png";

    private readonly string _folder;
    private readonly string? _stem;
    private readonly bool _overwrite;
    private string? _created; // the uppermost of the folders

    private OutputTarget(string folder, string? stem, bool overwrite) => (_folder, _stem, _overwrite) = (folder, stem, overwrite);

    /// <summary>Reads what the user named.</summary>
    /// <param name="path">A <c>.png</c> file; or a folder, which is created; or null for <c>samples</c>.</param>
    /// <param name="overwrite">Whether a named file may be replaced. Numbered files never are.</param>
    /// <exception cref="UsageException">The name ends in another extension.</exception>
    public static OutputTarget Parse(string? path, bool overwrite)
    {
        if (string.IsNullOrEmpty(path))
        {
            return new OutputTarget(DefaultFolder, null, overwrite);
        }

        if (Directory.Exists(path) || Path.EndsInDirectorySeparator(path) || Path.GetExtension(path).Length == 0)
        {
            return new OutputTarget(path, null, overwrite);
        }

        return string.Equals(Path.GetExtension(path), Extension, StringComparison.OrdinalIgnoreCase)
            ? new OutputTarget(Path.GetDirectoryName(path) ?? "", path[..^Extension.Length], overwrite)
            : throw new UsageException($"--out {path}: pictures are PNG; name a .png file, or a folder");
    }

    /// <summary>Makes sure, before any long work, that the files can be written.</summary>
    /// <param name="suffixes">What the files' names end in, as <c>.png</c> or <c>-000.png</c>.</param>
    /// <exception cref="IOException">A named file exists and may not be replaced, or the folder cannot be written to.</exception>
    public void Prepare(IReadOnlyList<string> suffixes)
    {
        if (_stem is not null)
        {
            foreach (string suffix in suffixes)
            {
                AtomicFile.RequireFree(_stem + suffix, _overwrite);
            }
        }
        else if (!Directory.Exists(_folder))
        {
            if (File.Exists(_folder))
            {
                throw new IOException($"{_folder} is a file; name a folder, or a .png file");
            }

            CreateFolder();
        }

        if (_stem is null)
        {
            AtomicFile.ProbeFolder(_folder);
        }
        else
        {
            AtomicFile.Probe(_stem + suffixes[0], overwrite: true);
        }
    }

    /// <summary>Paths of the named files; none in a folder, where numbers are taken that no file has.</summary>
    public IEnumerable<string> Named(IReadOnlyList<string> suffixes) => _stem is null ? [] : suffixes.Select(suffix => _stem + suffix);

    /// <summary>Writes all files under one stem.</summary>
    /// <param name="files">What each name ends in, and what writes it, given its path and whether it may replace a file.</param>
    /// <returns>The paths, in order.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public IReadOnlyList<string> Write(IReadOnlyList<(string Suffix, Action<string, bool> Write)> files)
    {
        string stem = _stem ?? ClaimNumber(files[0]);
        foreach ((string suffix, Action<string, bool> write) in files.Skip(_stem is null ? 1 : 0))
        {
            write(stem + suffix, _stem is not null && _overwrite);
        }

        return [.. files.Select(file => stem + file.Suffix)];
    }

    /// <inheritdoc/>
    public void Dispose() => Folders.RemoveEmpty(_folder, _created);

    private void CreateFolder()
    {
        try
        {
            _created = Folders.Create(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{_folder}: the folder cannot be created ({e.Message}); name another with --out", e);
        }
    }

    /// <summary>Writes the first file under the smallest number above all in the folder; another process may take that number meanwhile.</summary>
    private string ClaimNumber((string Suffix, Action<string, bool> Write) first)
    {
        for (int number = NextNumber(); ; number = Math.Max(number + 1, NextNumber()))
        {
            string stem = Path.Combine(_folder, number.ToString("0000", CultureInfo.InvariantCulture));
            try
            {
                first.Write(stem + first.Suffix, false);
                return stem;
            }
            catch (IOException) when (Path.Exists(stem + first.Suffix))
            {
                // Taken between the look and the rename: the next one.
            }
        }
    }

    private int NextNumber()
    {
        int largest = 0;
        foreach (string path in Directory.EnumerateFileSystemEntries(_folder))
        {
            string name = Path.GetFileName(path);
            int digits = name.TakeWhile(char.IsAsciiDigit).Count();
            bool ours = digits >= 4 && (digits == name.Length || name[digits] is '.' or '-');
            if (ours && int.TryParse(name.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number < int.MaxValue)
            {
                largest = Math.Max(largest, number);
            }
        }

        return largest + 1;
    }
}
