namespace L2c.Emulation;

/// <summary>PTX text that the interpreter refuses: not PTX, or an instruction or form that it does not know.</summary>
/// <param name="line">Line of the text, counted from 1.</param>
/// <param name="problem">What is wrong with it.</param>
public sealed class PtxSyntaxException(int line, string problem) : Exception($"PTX line {line}: {problem}")
{
    /// <summary>Line of the text, counted from 1.</summary>
    public int Line { get; } = line;
}
