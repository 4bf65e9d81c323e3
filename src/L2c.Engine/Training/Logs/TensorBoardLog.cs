using System.Globalization;
using System.Text;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>A folder of TensorBoard event files with scalars: <c>tensorboard --logdir FOLDER</c> shows them, also while they grow.</summary>
/// <remarks>
/// Each start writes a file of its own, whose name sorts behind the earlier ones. It begins with a session start, by which readers drop the same and
/// later steps of earlier files, so nothing that a running TensorBoard has open is cut. Events carry the time of day, which other logs do not.
/// </remarks>
internal sealed class TensorBoardLog : ITrainingLog
{
    private const string Prefix = "events.out.tfevents.", Suffix = ".l2c";

    private readonly GrowingFile _file;
    private readonly EventRecords _records;
    private readonly byte[][] _names;

    /// <summary>Begins a file; a new run removes those of the old one first.</summary>
    public TensorBoardLog(string folder, IReadOnlyList<string> names, long? resumeAfter)
    {
        _names = [.. names.Select(Encoding.ASCII.GetBytes)];
        _records = new EventRecords(EventRecords.FixedBytes + _names.Sum(name => name.Length + EventRecords.FixedBytesPerValue));
        try
        {
            Folders.RequireOwn(folder);
            _ = Folders.Create(folder);
            if (resumeAfter is null)
            {
                Array.ForEach(Array.FindAll(Directory.GetFiles(folder, Prefix + "*" + Suffix), IsOurs), File.Delete);
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{folder}: cannot be written; check its permissions", e);
        }

        _file = GrowingFile.Create(NextName(folder));
        try
        {
            _file.Append(_records.Version(Now()));
            _file.Append(_records.SessionStart(Now(), (resumeAfter ?? 0) + 1));
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Write(long step, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, _names.Length);
        _file.Append(_records.Scalars(Now(), step, _names, values));
    }

    /// <inheritdoc/>
    public void Flush() => _file.Flush();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Whether a file begins as those of this class, or is empty, which a kill leaves.</summary>
    private static bool IsOurs(string path)
    {
        try
        {
            using GrowingFile file = GrowingFile.Open(path);
            return file.Length == 0 || EventRecords.IsVersion(file.Read(EventRecords.VersionBytes));
        }
        catch (IOException)
        {
            return false;
        }
    }

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
