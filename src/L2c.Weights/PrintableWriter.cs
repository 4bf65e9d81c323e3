using System.Text;

namespace L2c.Weights;

/// <summary>A terminal's writer through which no text controls the terminal: what <see cref="FileText"/> escapes is escaped, line feeds stay.</summary>
/// <remarks>All results and messages of a program pass here, so a name from a file that some message forgot to look at does no harm.</remarks>
/// <param name="inner">Where to; it stays the caller's.</param>
public sealed class PrintableWriter(TextWriter inner) : TextWriter
{
    /// <summary>Where the text goes; for what a program itself draws with control sequences.</summary>
    public TextWriter Inner => inner;

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>The writer itself where it is one already.</summary>
    public static PrintableWriter Over(TextWriter writer) => writer as PrintableWriter ?? new PrintableWriter(writer);

    /// <inheritdoc/>
    public override void Write(char value) => Write(value.ToString());

    /// <inheritdoc/>
    public override void Write(string? value) => inner.Write(FileText.Lines(value ?? ""));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    /// <inheritdoc/>
    public override void WriteLine() => inner.WriteLine();

    /// <inheritdoc/>
    public override void WriteLine(string? value) => inner.WriteLine(FileText.Lines(value ?? ""));

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();
}
