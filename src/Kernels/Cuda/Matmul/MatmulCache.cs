using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>A kept choice.</summary>
/// <param name="Algorithm">To be checked before use: a file may say anything.</param>
/// <param name="IsTuned">Whether it won a race.</param>
internal readonly record struct MatmulCacheEntry(cublasLtMatmulAlgo_t Algorithm, bool IsTuned);

/// <summary>Choices of algorithms, kept in one file per device name and cuBLASLt version. A file that is malformed, or of another device or version,
/// counts as empty and is rewritten.</summary>
/// <remarks>
/// Text: a line with the format, one with the device's name, one with the library's version number, then a line per choice: <c>tuned</c> or
/// <c>heuristic</c>, the algorithm's 64 bytes in hexadecimal, shape and workspace size; separated by tabs.
/// </remarks>
public sealed class MatmulCache
{
    private const string Format = "l2c matmul algorithms 1";
    private const int AlgorithmBytes = 64;
    private const long MaxFileBytes = 4 << 20;

    private readonly string _header;
    private readonly Dictionary<string, MatmulCacheEntry> _entries;
    private readonly Dictionary<string, MatmulCacheEntry> _replaced = [];
    private bool _changed;

    /// <summary>Reads the file, if there is one.</summary>
    /// <param name="folder">As <see cref="DiskCache.Folder"/>.</param>
    /// <param name="deviceName">The vendor's name of the device.</param>
    /// <param name="libraryVersion">What <see cref="ICublasLt.cublasLtGetVersion"/> gives.</param>
    public MatmulCache(string folder, string deviceName, nuint libraryVersion)
    {
        string name = string.Concat(deviceName.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        _header = $"{Format}\n{deviceName.ReplaceLineEndings(" ")}\n{libraryVersion}\n";
        File = Path.Combine(folder, $"matmul-{name}-{libraryVersion}.txt");
        _entries = Read();
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Choices that are known.</summary>
    public int Count => _entries.Count;

    /// <summary>Writes new choices, beside those that another process has written meanwhile; of two for one shape, one that won a race
    /// stays.</summary>
    /// <returns>Null when all is kept, else in one line why not.</returns>
    public string? Save()
    {
        if (!_changed)
        {
            return null;
        }

        foreach ((string key, MatmulCacheEntry theirs) in Read())
        {
            bool replaced = _replaced.TryGetValue(key, out MatmulCacheEntry old) && old == theirs;
            if (!replaced && (!_entries.TryGetValue(key, out MatmulCacheEntry ours) || (theirs.IsTuned && !ours.IsTuned)))
            {
                _entries[key] = theirs;
            }
        }

        StringBuilder text = new(_header);
        foreach ((string key, MatmulCacheEntry entry) in _entries.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            cublasLtMatmulAlgo_t algorithm = entry.Algorithm;
            string bytes = Convert.ToHexStringLower(MemoryMarshal.AsBytes((ReadOnlySpan<ulong>)algorithm));
            text.Append(entry.IsTuned ? "tuned" : "heuristic").Append('\t').Append(bytes).Append('\t').Append(key).Append('\n');
        }

        string? problem = DiskCache.Write(File, text.ToString());
        _changed = problem is not null;
        return problem;
    }

    internal bool TryGet(string key, out MatmulCacheEntry entry) => _entries.TryGetValue(key, out entry);

    /// <summary>Keeps a choice, in place of one that was read and does not serve.</summary>
    internal void Put(string key, MatmulCacheEntry entry)
    {
        if (_entries.TryGetValue(key, out MatmulCacheEntry old))
        {
            _replaced[key] = old;
        }

        _entries[key] = entry;
        _changed = true;
    }

    private static bool TryParse(string line, [NotNullWhen(true)] out string? key, out MatmulCacheEntry entry)
    {
        string[] fields = line.Split('\t');
        cublasLtMatmulAlgo_t algorithm = default;
        if (fields is [("tuned" or "heuristic") and var choice, { Length: 2 * AlgorithmBytes } bytes, { Length: > 0 } shape]
            && bytes.All(char.IsAsciiHexDigit))
        {
            Convert.FromHexString(bytes).CopyTo(MemoryMarshal.AsBytes((Span<ulong>)algorithm));
            key = shape;
            entry = new MatmulCacheEntry(algorithm, choice == "tuned");
            return true;
        }

        key = null;
        entry = default;
        return false;
    }

    private Dictionary<string, MatmulCacheEntry> Read()
    {
        Dictionary<string, MatmulCacheEntry> entries = [];
        if (DiskCache.Read(File, MaxFileBytes) is not { } text || !text.StartsWith(_header, StringComparison.Ordinal) || text[^1] != '\n')
        {
            return entries;
        }

        foreach (string line in text[_header.Length..].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParse(line, out string? key, out MatmulCacheEntry entry))
            {
                return [];
            }

            entries[key] = entry;
        }

        return entries;
    }
}
