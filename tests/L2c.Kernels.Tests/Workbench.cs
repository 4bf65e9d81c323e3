namespace L2c.Kernels.Tests;

/// <summary>A CPU device with given vectors and threads, and the memory that one test needs on it.</summary>
internal sealed class Workbench : IDisposable
{
    private readonly List<Arena> _arenas = [];

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

    public CpuDevice Device { get; }

    public Tensor Put(float[] values, params int[] extents)
    {
        Tensor tensor = Take(extents);
        Device.Upload(tensor, values);
        return tensor;
    }

    public Tensor Put(int[] values)
    {
        (Arena arena, Tensor tensor) = Arena.Carve(Device, "test", a => a.Take(DType.I32, values.Length));
        _arenas.Add(arena);
        Device.Upload(tensor, values);
        return tensor;
    }

    /// <summary>A tensor full of NaN, so that whatever an op fails to write shows.</summary>
    public Tensor Take(params int[] extents)
    {
        (Arena arena, Tensor tensor) = Arena.Carve(Device, "test", a => a.Take(DType.F32, extents));
        _arenas.Add(arena);
        float[] unwritten = new float[tensor.Shape.Count];
        Array.Fill(unwritten, float.NaN);
        Device.Upload(tensor, unwritten);
        return tensor;
    }

    public Matrix PutMatrix(float[] values, int outputs, int inputs)
    {
        (Arena arena, Matrix matrix) = Arena.Carve(Device, "test", a => a.TakeMatrix(outputs, inputs));
        _arenas.Add(arena);
        Device.WriteMatrix(matrix, 0, values);
        return matrix;
    }

    public float[] Get(Tensor tensor)
    {
        var values = new float[tensor.Shape.Count];
        Device.Download(tensor, values);
        return values;
    }

    public void Dispose()
    {
        _arenas.ForEach(arena => arena.Dispose());
        Assert.Equal(0, Device.AllocatedBytes);
        Device.Dispose();
    }
}
