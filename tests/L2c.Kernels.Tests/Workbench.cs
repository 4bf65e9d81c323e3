namespace L2c.Kernels.Tests;

/// <summary>A CPU device with given vectors and threads, and the memory that one test needs on it.</summary>
internal sealed class Workbench : Bench
{
    /// <summary>Every form of the kernels, by name.</summary>
    public static readonly string[] Sets = Enum.GetNames<InstructionSet>();

    /// <summary>The same for theories.</summary>
    public static TheoryData<string> AllSets => [.. Sets];

    public Workbench(string set, int threads = 2)
    {
        InstructionSet wanted = Enum.Parse<InstructionSet>(set);
        Assert.SkipUnless(wanted <= InstructionSets.Best, $"this machine has no {wanted.Label()}");
        Device = new CpuDevice(threads, wanted);
    }

    public override CpuDevice Device { get; }

    protected override void Dispose(IReadOnlyList<Arena> arenas)
    {
        foreach (Arena arena in arenas)
        {
            arena.Dispose();
        }

        Assert.Equal(0, Device.AllocatedBytes);
        Device.Dispose();
    }

    /// <summary>A tensor full of NaN, so that whatever an op fails to write shows.</summary>
    protected override Tensor Unwritten(Tensor tensor)
    {
        float[] unwritten = new float[tensor.Shape.Count];
        Array.Fill(unwritten, float.NaN);
        Device.Upload(tensor, unwritten);
        return tensor;
    }
}
