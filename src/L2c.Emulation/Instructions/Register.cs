namespace L2c.Emulation.Instructions;

/// <summary>A register of the interpreter: one value per lane, 32 in a row, each as wide as the register.</summary>
/// <remarks>A predicate holds one bit per lane in 32 bits. Literals and special registers are registers too, filled before the first
/// instruction, so that instructions know one kind of operand.</remarks>
/// <param name="Name">As in the text.</param>
/// <param name="Bits">Of one lane's value; 1 for a predicate.</param>
/// <param name="Index">Among the registers of the entry.</param>
/// <param name="Offset">Of lane 0, in bytes from the start of a warp's registers.</param>
internal sealed record Register(string Name, int Bits, int Index, int Offset)
{
    public bool IsPredicate => Bits == 1;

    public int LaneBytes => Bits / 8;
}
