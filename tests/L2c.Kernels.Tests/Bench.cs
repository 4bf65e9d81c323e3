namespace L2c.Kernels.Tests;

/// <summary>A device, and the memory that one test needs on it: what a case of an op is run on, whichever device computes it.</summary>
internal abstract class Bench : IDisposable
{
    private readonly List<Arena> _arenas = [];

    /// <summary>The device under test.</summary>
    public abstract Device Device { get; }

    /// <summary>Opens the device that a case of <see cref="DeviceCases"/> names.</summary>
    /// <param name="device">An <see cref="InstructionSet"/> of the CPU, or a <see cref="CudaPrecision"/>.</param>
    public static Bench Open(string device) =>
        Enum.TryParse(device, out CudaPrecision precision) ? new CudaWorkbench(precision) : new Workbench(device);

    /// <summary>Values in the storage type.</summary>
    public Tensor Put(float[] values, params int[] extents)
    {
        Tensor tensor = Take(extents);
        Device.Upload(tensor, values);
        return tensor;
    }

    /// <summary>The same values, each row one element off a multiple of 16 bytes.</summary>
    public Tensor PutMisaligned(float[] values, params int[] extents)
    {
        int columns = extents[^1], rows = values.Length / columns;
        float[] wide = new float[rows * (columns + 1)];
        for (int row = 0; row < rows; row++)
        {
            values.AsSpan(row * columns, columns).CopyTo(wide.AsSpan(row * (columns + 1) + 1));
        }

        return Put(wide, rows, columns + 1).SliceColumns(1, columns);
    }

    /// <summary>Values in fp32 whatever the device stores: the sampler's state, losses, gradients of weights.</summary>
    public Tensor PutState(float[] values, params int[] extents)
    {
        Tensor tensor = TakeState(extents);
        Device.Upload(tensor, values);
        return tensor;
    }

    public Tensor Put(int[] values)
    {
        Tensor tensor = Carve(arena => arena.Take(DType.I32, values.Length));
        Device.Upload(tensor, values);
        return tensor;
    }

    public Matrix PutMatrix(float[] values, int outputs, int inputs)
    {
        Matrix matrix = Carve(arena => arena.TakeMatrix(outputs, inputs));
        Device.WriteMatrix(matrix, 0, values);
        return matrix;
    }

    /// <summary>The matrix that dx = dy W is computed with: room for a second layout, or the weight's own memory.</summary>
    public Matrix View(Matrix weight) => Carve(arena => arena.TakeTransposed(weight));

    /// <summary>A tensor of the storage type that nothing has written, or that shows where nothing has.</summary>
    public Tensor Take(params int[] extents) => Unwritten(Carve(arena => arena.Take(Device.StorageType, extents)));

    /// <summary>The same in fp32.</summary>
    public Tensor TakeState(params int[] extents) => Unwritten(Carve(arena => arena.Take(DType.F32, extents)));

    /// <summary>The same values in bfloat16, as <see cref="Device.Convert"/> makes them of fp32.</summary>
    public Tensor PutConverted(float[] values, params int[] extents)
    {
        Tensor converted = TakeConverted(extents);
        Device.Convert(PutState(values, extents), converted);
        return converted;
    }

    /// <summary>A tensor of bfloat16 that nothing has written.</summary>
    public Tensor TakeConverted(params int[] extents) => Carve(arena => arena.Take(DType.BF16, extents));

    public float[] Get(Tensor tensor)
    {
        var values = new float[tensor.Shape.Count];
        Device.Download(tensor, values);
        return values;
    }

    /// <summary>Values as the device stores them: what a reference must start from, and what a naive kernel's result is rounded to.</summary>
    public virtual float[] Round(float[] values) => values;

    /// <summary>What the naive computation of products gives, of which errors are measured.</summary>
    /// <param name="exact">In double precision.</param>
    /// <param name="compute">The naive computation with inputs of products passed through the function that it is given.</param>
    public virtual float[] NaiveProducts(double[] exact, Func<Func<float[], float[]>, float[]> compute) => compute(values => values);

    /// <summary>Runs a check for every way in which the device may round the inputs of products.</summary>
    public virtual void ForEachRounding(Action check) => check();

    public void Dispose()
    {
        Dispose(_arenas);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory, looks that none is left, and closes the device.</summary>
    protected abstract void Dispose(IReadOnlyList<Arena> arenas);

    /// <summary>Makes reads of what an op has not written show, where the device does not refuse them.</summary>
    protected virtual Tensor Unwritten(Tensor tensor) => tensor;

    protected T Carve<T>(Func<Arena, T> carve)
    {
        (Arena arena, T carved) = Arena.Carve(Device, "test", carve);
        _arenas.Add(arena);
        return carved;
    }
}
