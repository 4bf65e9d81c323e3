using System.Text;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>The table of a sweep, a CSV file that grows by whole lines: after an interruption at any moment it can be read and continued.</summary>
/// <remarks>One process at a time has it open, which the lock of its folder sees to.</remarks>
internal sealed class SweepTable : IDisposable
{
    private readonly GrowingFile _file;
    private readonly List<SweepRecord> _records = [];

    /// <summary>Opens or creates the table; a line that was not written to its end is cut.</summary>
    /// <param name="path">The file.</param>
    /// <param name="anew">Whether to drop what it has. What is no table is copied beside it first.</param>
    /// <param name="remark">Told of such a copy.</param>
    /// <exception cref="MalformedFileException">The file is not the table of a sweep.</exception>
    /// <exception cref="IOException">It cannot be written, or is no regular file.</exception>
    public SweepTable(string path, bool anew, Action<string> remark)
    {
        _file = GrowingFile.Open(path);
        try
        {
            Load(_file.ReadAll(), anew, remark);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>All rows in the order of the file.</summary>
    public IReadOnlyList<SweepRecord> Records => _records;

    /// <summary>The record of a row, or null.</summary>
    public SweepRecord? Find(SweepRow row) => _records.Find(record => record.Is(row));

    /// <summary>Appends a row; it is on the disk when this returns.</summary>
    /// <remarks>It is kept as the file has it, in its digits: what is drawn of the table does not depend on an interruption.</remarks>
    public void Add(SweepRecord record)
    {
        string line = record.ToLine();
        record = SweepRecord.Parse(line) ?? throw new ArgumentException($"not a row of a table: {line}", nameof(record));
        Append(line);
        _records.Add(record);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Load(byte[] bytes, bool anew, Action<string> remark)
    {
        int end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        string rest = Encoding.UTF8.GetString(bytes, end, bytes.Length - end);
        string[] lines = Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.TrimEntries)[..^1];
        bool isTable = lines.Length > 0
            ? lines[0] == SweepRecord.Header
            : SweepRecord.Header.StartsWith(rest, StringComparison.Ordinal);
        if (!isTable && !anew)
        {
            throw new MalformedFileException(
                Path,
                lines is [var header, ..] && header.StartsWith("rule,parameter,steps,", StringComparison.Ordinal)
                    ? "is the table of a sweep by another version, with other columns; give another --out, or use --force to start over"
                    : "is not the table of a sweep; give another --out, or use --force to overwrite it");
        }

        SweepRecord?[] records = isTable ? [.. lines.Skip(1).Select(SweepRecord.Parse)] : [];
        if (!anew && Array.IndexOf(records, null) is int bad and >= 0)
        {
            throw new MalformedFileException(Path, $"line {bad + 2} is not a row of a sweep; remove it, or use --force to start over");
        }

        if (!isTable || records.Contains(null) || !SweepRecord.MayBegin(rest))
        {
            remark($"note: {Path}: part of it is not from a sweep; the file is kept as {SetAside.Copy(Path, bytes)}");
        }

        if (!anew)
        {
            _records.AddRange(records!);
        }

        _file.Cut(anew ? 0 : end);
        if (_file.Length == 0)
        {
            Append(SweepRecord.Header);
        }
    }

    private void Append(string line)
    {
        _file.Append(Encoding.UTF8.GetBytes(line + "\n"));
        _file.Flush();
    }
}
