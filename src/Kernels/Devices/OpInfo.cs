namespace L2c.Kernels;

/// <summary>Where in a sampling run an op belongs.</summary>
/// <param name="Evaluation">Number of the evaluation in sampling order, -1 for none (work done for several at once).</param>
/// <param name="Branch">2 block for attention, 2 block + 1 for the MLP, -1 outside branches.</param>
public readonly record struct OpScope(int Evaluation, int Branch)
{
    /// <summary>Nowhere in particular.</summary>
    public static OpScope None => new(-1, -1);
}

/// <summary>What a recorded op is, for accounting and profiles.</summary>
/// <param name="Name">As <see cref="Device"/> calls it.</param>
/// <param name="Scope">What it belongs to.</param>
/// <param name="Flops">Floating-point operations of matrix products, two per multiply-add; 0 for ops bound by memory.</param>
/// <param name="Bytes">Bytes read and written if every operand passes once.</param>
public readonly record struct OpInfo(string Name, OpScope Scope, long Flops, long Bytes);

/// <summary>Told of every op while a sequence runs under observation.</summary>
/// <param name="index">Number of the op in <see cref="OpSequence.Ops"/>.</param>
/// <param name="startTicks">Before it, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> counts.</param>
/// <param name="endTicks">After it.</param>
public delegate void OpObserver(int index, long startTicks, long endTicks);
