using System.Globalization;
using System.Text;

namespace L2c;

/// <summary>A folder of TensorBoard event files with scalars: <c>tensorboard --logdir FOLDER</c> shows them, also while they grow.</summary>
/// <remarks>
/// Each start writes a file of its own, whose name sorts behind the earlier ones. It begins with a session start, by which readers drop the same and
/// later steps of earlier files, so nothing that a running TensorBoard has open is cut. Events carry the time of day, which other logs do not.
/// </remarks>
internal sealed class TensorBoardLog : ITrainingLog
{
    private const string Prefix = "events.out.tfevents.", Suffix = ".l2c";

    private readonly FileStream _file;
    private readonly EventRecords _records;
    private readonly byte[][] _names;

    /// <summary>Begins a file; a new run that may overwrite removes those of the old one first.</summary>
    public TensorBoardLog(string folder, IReadOnlyList<string> names, long? resumeAfter, bool overwrite)
    {
        _names = [.. names.Select(Encoding.ASCII.GetBytes)];
        _records = new EventRecords(EventRecords.FixedBytes + _names.Sum(name => name.Length + EventRecords.FixedBytesPerValue));
        try
        {
            _ = Directory.CreateDirectory(folder);
            if (resumeAfter is null && overwrite)
            {
                Array.ForEach(Directory.GetFiles(folder, Prefix + "*" + Suffix), File.Delete);
            }

            _file = new FileStream(NextName(folder), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{folder}: cannot be written; check its permissions", e);
        }

        _file.Write(_records.Version(Now()));
        _file.Write(_records.SessionStart(Now(), (resumeAfter ?? 0) + 1));
    }

    /// <inheritdoc/>
    public void Write(long step, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, _names.Length);
        _file.Write(_records.Scalars(Now(), step, _names, values));
    }

    /// <inheritdoc/>
    public void Flush() => _file.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static double Now() => (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;

    /// <summary>PREFIX and ten digits: the seconds since 1970, or one more than the largest there.</summary>
    private static string NextName(string folder)
    {
        long number = (long)Now();
        foreach (string path in Directory.EnumerateFiles(folder, Prefix + "*"))
        {
            string digits = new([.. Path.GetFileName(path).Skip(Prefix.Length).TakeWhile(char.IsAsciiDigit).Take(18)]);
            number = digits.Length == 0 ? number : Math.Max(number, long.Parse(digits, CultureInfo.InvariantCulture) + 1);
        }

        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D10}{Suffix}"));
    }
}
