using System.Text;
using L2c.Weights;

namespace L2c;

/// <summary>The table of a sweep, a CSV file that grows by whole lines: after an interruption at any moment it can be read and continued.</summary>
/// <remarks>One process at a time has it open.</remarks>
internal sealed class SweepTable : IDisposable
{
    private readonly FileStream _file;
    private readonly List<SweepRecord> _records = [];

    /// <summary>Opens or creates the table; a line that was not written to its end is cut.</summary>
    /// <param name="path">The file.</param>
    /// <param name="anew">Whether to drop what it has.</param>
    /// <exception cref="MalformedFileException">The file is not the table of a sweep.</exception>
    /// <exception cref="IOException">It cannot be written, or another sweep has it open.</exception>
    public SweepTable(string path, bool anew)
    {
        Path = path;
        try
        {
            _file = new FileStream(path, anew ? FileMode.Create : FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: cannot be written ({e.Message}); end the other sweep, or give another --out", e);
        }

        try
        {
            Load();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All rows in the order of the file.</summary>
    public IReadOnlyList<SweepRecord> Records => _records;

    /// <summary>The record of a row, or null.</summary>
    public SweepRecord? Find(SweepRow row) => _records.Find(record => record.Is(row));

    /// <summary>Appends a row; it is on the disk when this returns.</summary>
    public void Add(SweepRecord record)
    {
        Append(record.ToLine());
        _records.Add(record);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Load()
    {
        byte[] bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);
        int end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        string[] lines = Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.TrimEntries)[..^1];
        bool isTable = lines.Length > 0
            ? lines[0] == SweepRecord.Header
            : SweepRecord.Header.StartsWith(Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        if (!isTable)
        {
            throw new MalformedFileException(Path, "is not the table of a sweep; give another --out, or --force to write over it");
        }

        for (int i = 1; i < lines.Length; i++)
        {
            _records.Add(SweepRecord.Parse(lines[i])
                ?? throw new MalformedFileException(Path, $"line {i + 1} is not a row of a sweep; take it out, or --force to start anew"));
        }

        _file.SetLength(end);
        _file.Position = end;
        if (lines.Length == 0)
        {
            Append(SweepRecord.Header);
        }
    }

    private void Append(string line)
    {
        _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _file.Flush(flushToDisk: true);
    }
}
