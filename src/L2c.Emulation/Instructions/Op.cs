using L2c.Emulation.Counting;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>A decoded instruction.</summary>
/// <remarks>Whoever throws a <see cref="DeviceFault"/> sets <see cref="Warp.Lane"/> first.</remarks>
internal abstract class Op
{
    /// <summary>Line of the PTX text.</summary>
    public int Line { get; set; }

    /// <summary>As in the text, with its modifiers.</summary>
    public string Opcode { get; set; } = "";

    /// <summary>The instruction runs where this predicate is set, or clear when <see cref="GuardNegated"/>; null: everywhere.</summary>
    public Register? Guard { get; set; }

    public bool GuardNegated { get; set; }

    /// <summary>Executes for some lanes.</summary>
    /// <param name="warp">Registers and control state; its program counter already points at the next instruction.</param>
    /// <param name="active">One bit per lane; at least one is set.</param>
    public abstract void Execute(Warp warp, uint active);

    /// <summary>Counts what an execution asks of memory and tensor cores, before it happens; called where a block is counted.</summary>
    /// <param name="warp">Registers as the instruction reads them.</param>
    /// <param name="active">The lanes; at least one.</param>
    /// <param name="counter">What adds up.</param>
    public virtual void Count(Warp warp, uint active, BlockCounter counter)
    {
    }
}
