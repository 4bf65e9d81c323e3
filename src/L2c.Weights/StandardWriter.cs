using System.Text;

namespace L2c.Weights;

/// <summary>A standard stream of the process, which may be full, closed or refused.</summary>
/// <param name="inner">What it is written to.</param>
/// <param name="fail">Called with the reason when it cannot be written.</param>
public sealed class StandardWriter(TextWriter inner, Action<Exception> fail) : TextWriter(inner.FormatProvider)
{
    /// <summary>What it is written to, for libraries that know a terminal by its own writer.</summary>
    public TextWriter Inner => inner;

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Results: what cannot be told is an error of the command.</summary>
    public static TextWriter Results(TextWriter output) => new StandardWriter(
        output, e => throw new IOException($"standard output cannot be written ({Reason(e)}); send it elsewhere", e));

    /// <summary>Errors and remarks: what nobody can receive is lost, and the exit code still says what happened.</summary>
    public static TextWriter Messages(TextWriter error) => new StandardWriter(error, static _ => { });

    /// <inheritdoc/>
    public override void Write(char value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(inner.Flush);

    // Where it was closed, its number belongs to something else of the process, which refuses.
    private static string Reason(Exception e) => e is IOException ? e.Message.TrimEnd('.') : "it is closed";

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            fail(e);
        }
    }
}
