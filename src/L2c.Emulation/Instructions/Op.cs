using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>A decoded instruction.</summary>
/// <remarks>Whoever throws a <see cref="DeviceFault"/> sets <see cref="Warp.Lane"/> first.</remarks>
internal abstract class Op
{
    /// <summary>Line of the PTX text.</summary>
    public int Line { get; set; }

    /// <summary>The instruction runs where this predicate is set, or clear when <see cref="GuardNegated"/>; null: everywhere.</summary>
    public Register? Guard { get; set; }

    public bool GuardNegated { get; set; }

    /// <summary>Executes for some lanes.</summary>
    /// <param name="warp">Registers and control state; its program counter already points at the next instruction.</param>
    /// <param name="active">One bit per lane; at least one is set.</param>
    public abstract void Execute(Warp warp, uint active);
}
