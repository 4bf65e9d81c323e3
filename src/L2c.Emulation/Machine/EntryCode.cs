using L2c.Emulation.Instructions;

namespace L2c.Emulation.Machine;

/// <summary>Registers that the hardware fills. All have 32 bits.</summary>
internal enum SpecialRegister
{
    ThreadX,
    ThreadY,
    ThreadZ,
    BlockExtentX,
    BlockExtentY,
    BlockExtentZ,
    BlockX,
    BlockY,
    BlockZ,
    GridExtentX,
    GridExtentY,
    GridExtentZ,
    Lane,
    WarpNumber,
    WarpCount,
    LaneMaskEqual,
    LaneMaskLess,
    LaneMaskLessOrEqual,
    LaneMaskGreater,
    LaneMaskGreaterOrEqual,
    DynamicSharedBytes,
    TotalSharedBytes,
}

/// <summary>A decoded entry: one list of instructions, with every function that it calls in place of the call.</summary>
/// <param name="Name">Of the entry.</param>
/// <param name="Ops">Branch targets are indices; the end of the list is the end of every thread.</param>
/// <param name="Registers">All registers, literals and special ones included.</param>
/// <param name="RegisterBytes">Of one warp.</param>
/// <param name="Constants">Literals and addresses, with their bits.</param>
/// <param name="Specials">Registers that depend on the launch, the block or the thread.</param>
/// <param name="Parameters">In the order of the text.</param>
/// <param name="StaticSharedBytes">Of one block; dynamic shared memory follows, aligned to <paramref name="DynamicSharedAlignment"/>.</param>
/// <param name="DynamicSharedAlignment">Of the dynamic part, in bytes.</param>
/// <param name="LocalBytes">Of one thread.</param>
/// <param name="SharedGranule">Bytes of the smallest access to shared memory: the shadow is kept in these units.</param>
internal sealed record EntryCode(
    string Name,
    Op[] Ops,
    IReadOnlyList<Register> Registers,
    int RegisterBytes,
    IReadOnlyList<(Register Register, ulong Bits)> Constants,
    IReadOnlyList<(Register Register, SpecialRegister Special)> Specials,
    IReadOnlyList<PtxParameter> Parameters,
    int StaticSharedBytes,
    int DynamicSharedAlignment,
    int LocalBytes,
    int SharedGranule)
{
    /// <summary>Of the packed parameters.</summary>
    public int ParameterBytes { get; } = Parameters is [.., PtxParameter last] ? last.Offset + last.Bytes : 0;

    /// <summary>Where dynamic shared memory begins.</summary>
    public int DynamicSharedStart => (StaticSharedBytes + DynamicSharedAlignment - 1) & -DynamicSharedAlignment;
}
