using System.Runtime.InteropServices;
using L2c.Kernels;

namespace L2c.Model.Tests.Golden;

/// <summary>
/// Every op as its reference formula in fp32, every tensor that the published code would store rounded to the storage type: what running that code in
/// half precision gives. Its error is the measure for an engine of the same precision.
/// </summary>
/// <remarks>Ops run at once; a recording calls what it recorded again. Slow and plain on purpose.</remarks>
internal unsafe partial class NaiveDevice(DType storage) : Device
{
    private readonly HashSet<nint> _allocations = [];
    private List<OpInfo>? _listing;
    private OpObserver? _observer;
    private int _observed;

    public override string Name => $"naive ({storage})";

    public override DType StorageType => storage;

    protected override nint Allocate(long bytes)
    {
        nint address = (nint)NativeMemory.AllocZeroed((nuint)bytes);
        _allocations.Add(address);
        return address;
    }

    protected override void Free(nint address)
    {
        _allocations.Remove(address);
        NativeMemory.Free((void*)address);
    }

    public override void Upload(Tensor destination, ReadOnlySpan<float> source) => Store(destination, source.ToArray());

    public override void Upload(Tensor destination, ReadOnlySpan<int> source) => source.CopyTo(new Span<int>((void*)destination.Address, source.Length));

    public override void Download(Tensor source, Span<float> destination) => Load(source).CopyTo(destination);

    protected override long MatrixBytes(int outputs, int inputs) => (long)outputs * inputs * storage.Size();

    protected override Matrix SliceOutputs(Matrix matrix, int first) => Slice(matrix, first, isRows: !matrix.IsTransposed);

    protected override Matrix SliceInputs(Matrix matrix, int first) => Slice(matrix, first, isRows: matrix.IsTransposed);

    private Matrix Slice(Matrix matrix, int first, bool isRows)
    {
        int pitch = Rows(matrix).RowStride;
        return matrix with { Address = matrix.Address + (nint)((long)first * (isRows ? pitch : 1) * storage.Size()), Pitch = pitch };
    }

    public override void WriteMatrix(Matrix matrix, int firstOutput, ReadOnlySpan<float> rows) =>
        Store(Rows(matrix).SliceRows(firstOutput, rows.Length / matrix.Inputs), rows.ToArray());

    public override OpSequence Capture(Action enqueue) => new Recorded(this, enqueue, List(enqueue));

    public override IReadOnlyList<OpInfo> List(Action enqueue)
    {
        List<OpInfo> ops = _listing = [];
        enqueue();
        _listing = null;
        return ops;
    }

    public override void Synchronize()
    {
    }

    protected override void Dispose(bool disposing)
    {
        foreach (nint address in _allocations)
        {
            NativeMemory.Free((void*)address);
        }

        _allocations.Clear();
    }

    private bool Begin(string op)
    {
        _listing?.Add(new OpInfo(op, Scope, 0, 0));
        return _listing is null;
    }

    private void End() => _observer?.Invoke(_observed++, 0, 0);

    /// <summary>The weight as PyTorch stores it, also behind a transposed matrix.</summary>
    private Tensor Rows(Matrix matrix)
    {
        (int outputs, int inputs) = matrix.IsTransposed ? (matrix.Inputs, matrix.Outputs) : (matrix.Outputs, matrix.Inputs);
        return new Tensor(matrix.Address, new Shape(outputs, inputs), storage, this, matrix.Pitch == 0 ? inputs : matrix.Pitch);
    }

    private float[] Round(float[] values) => Array.ConvertAll(values, value => storage switch
    {
        DType.F16 => (float)(Half)value,
        DType.BF16 => BitConverter.UInt32BitsToSingle((uint)ToBFloat16(value) << 16),
        _ => value,
    });

    private static float[] Load(Tensor tensor)
    {
        var values = new float[tensor.Shape.Count];
        for (int i = 0; i < values.Length; i++)
        {
            long at = ((long)(i / tensor.Columns) * tensor.RowStride) + (i % tensor.Columns);
            values[i] = tensor.DType switch
            {
                DType.F16 => (float)((Half*)tensor.Address)[at],
                DType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)tensor.Address)[at] << 16),
                DType.I32 => ((int*)tensor.Address)[at],
                _ => ((float*)tensor.Address)[at],
            };
        }

        return values;
    }

    private static void Store(Tensor tensor, float[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            long at = ((long)(i / tensor.Columns) * tensor.RowStride) + (i % tensor.Columns);
            switch (tensor.DType)
            {
                case DType.F16:
                    ((Half*)tensor.Address)[at] = (Half)values[i];
                    break;
                case DType.BF16:
                    ((ushort*)tensor.Address)[at] = ToBFloat16(values[i]);
                    break;
                default:
                    ((float*)tensor.Address)[at] = values[i];
                    break;
            }
        }
    }

    // To nearest, ties to even; the tests have no NaN here.
    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private sealed class Recorded(NaiveDevice device, Action enqueue, IReadOnlyList<OpInfo> ops) : OpSequence
    {
        public override IReadOnlyList<OpInfo> Ops => ops;

        public override void Run() => enqueue();

        public override void Run(OpObserver observer)
        {
            (device._observer, device._observed) = (observer, 0);
            enqueue();
            device._observer = null;
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
