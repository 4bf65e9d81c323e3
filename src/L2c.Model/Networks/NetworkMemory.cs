using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Runs;
using L2c.Model.Training;

namespace L2c.Model.Networks;

/// <summary>Whose gradients a backward pass is for.</summary>
public enum GradientsOf
{
    /// <summary>There is none.</summary>
    Nothing,
    /// <summary>Weights of terms; the network is frozen, and its first branch is computed elsewhere, since nothing before it needs a gradient.</summary>
    Terms,
    /// <summary>All weights of the network.</summary>
    Weights,
}

/// <summary>What a network's memory has to serve.</summary>
/// <param name="Images">N, at least 1.</param>
public sealed record NetworkNeeds(int Images)
{
    /// <summary>Whether each image is read twice, by its label and by the null label.</summary>
    public bool Guided { get; init; }

    /// <summary>Evaluations with times of their own.</summary>
    public int Evaluations { get; init; } = 1;

    /// <summary>Whether the rows of the one evaluation differ in time.</summary>
    public bool TimePerRow { get; init; }

    /// <summary>What the evaluations compute; null for everything.</summary>
    public CacheSchedule? Schedule { get; init; }

    /// <summary>What may be left out and done ahead.</summary>
    public PlanSwitches Switches { get; init; } = PlanSwitches.All;

    /// <summary>Of the backward pass that follows one of the evaluations.</summary>
    public GradientsOf Gradients { get; init; }

    /// <summary>Whether a block's forward runs again before its backward, so that blocks share memory.</summary>
    public bool Recomputes { get; init; }

    /// <summary>Whether a <see cref="ForwardTap"/> looks at stages that nothing else reads.</summary>
    public bool Tapped { get; init; }

    /// <summary>B.</summary>
    public int Rows => Guided ? 2 * Images : Images;

    /// <summary>R: rows that differ in time or label. With guidance the last one, of the null label, serves all rows of the second half.</summary>
    public int ConditionRows => TimePerRow || !Guided ? Rows : Images + 1;

    /// <summary>Values of <see cref="NetworkMemory.SetTimes"/>.</summary>
    public int Times => TimePerRow ? Rows : Evaluations;
}

/// <summary>
/// All that evaluations of a network write between their inputs and outputs, in memory that is carved once. With a backward pass it holds what that
/// reads, too: the code of a pass is the same, only lifetimes differ.
/// </summary>
/// <param name="needs">What it serves.</param>
public abstract class NetworkMemory(NetworkNeeds needs)
{
    /// <summary>What it serves.</summary>
    public NetworkNeeds Needs { get; } = needs;

    /// <summary>[R] I32, read at replay: the images' labels, then the null label with guidance. A network without classes reads
    /// none.</summary>
    public abstract Tensor Labels { get; }

    /// <summary>Evaluations that <see cref="Network.Prepare"/> prepares at once.</summary>
    public abstract int GroupSize { get; }

    /// <summary>What the parts of it take.</summary>
    public abstract IReadOnlyList<MemoryPart> Parts { get; }

    /// <summary>Groups of evaluations.</summary>
    public int Groups => (Needs.Evaluations + GroupSize - 1) / GroupSize;

    /// <summary>Where a branch's output goes that nobody keeps, [B,T,C].</summary>
    /// <param name="branch">2 block for attention, 2 block + 1 for the MLP.</param>
    /// <param name="hasBackward">Whether a backward pass reads it.</param>
    public abstract Tensor Output(int branch, bool hasBackward);

    /// <summary>Uploads what never changes: once, after carving.</summary>
    public abstract void UploadConstants(Device device);

    /// <summary>Uploads times as the network counts them: one per evaluation, or one per row. Allocates nothing.</summary>
    public abstract void SetTimes(Device device, ReadOnlySpan<float> times);
}
