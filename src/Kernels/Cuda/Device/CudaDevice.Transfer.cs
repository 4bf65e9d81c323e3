using System.Runtime.InteropServices;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

// Between host and device. Values are converted on the host: weights pass once, and a run's inputs and results are small.
public sealed unsafe partial class CudaDevice
{
    private byte* _staging;
    private long _stagingBytes;

    /// <inheritdoc/>
    public override void Upload(Tensor destination, ReadOnlySpan<float> source)
    {
        RequireUploadable(destination, source.Length);
        if (destination.DType == DType.I32)
        {
            throw new ArgumentException($"Upload: fp32 values for {destination.Shape} {destination.DType}");
        }

        UploadFloats(destination.Address, destination.DType, source);
    }

    /// <inheritdoc/>
    public override void Upload(Tensor destination, ReadOnlySpan<int> source)
    {
        RequireUploadable(destination, source.Length);
        RequireType(nameof(Upload), DType.I32, destination);
        Enter(nameof(Upload));
        fixed (int* values = source)
        {
            CopyToDevice(destination.Address, values, source.Length * (long)sizeof(int));
        }
    }

    /// <inheritdoc/>
    public override void Download(Tensor source, Span<float> destination)
    {
        Enter(nameof(Download));
        RequireOwn(nameof(Download), source);
        if (destination.Length != source.Shape.Count)
        {
            throw new ArgumentException($"Download: {source.Shape} does not fill {destination.Length} values");
        }

        int columns = source.Columns, size = source.DType.Size();
        long bytes = ((((long)source.Rows - 1) * source.RowStride) + columns) * size;
        byte* staged = Staging(bytes);
        _driver.Check(_driver.cuMemcpyDtoHAsync_v2((nint)staged, Address(source), (nuint)bytes, _stream.Handle));
        _stream.Synchronize();
        for (int row = 0; row < source.Rows; row++)
        {
            HostConversion.ToFloats(source.DType, staged + ((long)row * source.RowStride * size), destination.Slice(row * columns, columns));
        }
    }

    /// <inheritdoc/>
    internal protected override long MatrixBytes(int outputs, int inputs) => (long)outputs * inputs * StorageType.Size();

    /// <inheritdoc/>
    internal protected override Matrix SliceOutputs(Matrix matrix, int first) =>
        matrix.IsTransposed ? SliceColumns(matrix, first, matrix.Outputs) : SliceRows(matrix, first, matrix.Inputs);

    /// <inheritdoc/>
    internal protected override Matrix SliceInputs(Matrix matrix, int first) =>
        matrix.IsTransposed ? SliceRows(matrix, first, matrix.Outputs) : SliceColumns(matrix, first, matrix.Inputs);

    private static Matrix SliceRows(Matrix matrix, int first, int columns) =>
        matrix with { Address = matrix.Address + (nint)((long)first * (matrix.Pitch == 0 ? columns : matrix.Pitch) * matrix.DType.Size()) };

    private static Matrix SliceColumns(Matrix matrix, int first, int columns) => matrix with
    {
        Address = matrix.Address + (nint)((long)first * matrix.DType.Size()),
        Pitch = matrix.Pitch == 0 ? columns : matrix.Pitch,
    };

    /// <inheritdoc/>
    public override void WriteMatrix(Matrix matrix, int firstOutput, ReadOnlySpan<float> rows)
    {
        int count = rows.Length / matrix.Inputs;
        if (matrix.Device != this || matrix.IsTransposed || matrix.IsSlice || rows.Length % matrix.Inputs != 0 || firstOutput < 0
            || firstOutput + count > matrix.Outputs)
        {
            throw new ArgumentException(
                $"WriteMatrix: {rows.Length} values at row {firstOutput} do not match weight [{matrix.Outputs}, {matrix.Inputs}] of {Name}");
        }

        UploadFloats(matrix.Address + (nint)((long)firstOutput * matrix.Inputs * matrix.DType.Size()), matrix.DType, rows);
    }

    private void UploadFloats(nint destination, DType type, ReadOnlySpan<float> source)
    {
        Enter(nameof(Upload));
        fixed (float* values = source)
        {
            if (type == DType.F32)
            {
                CopyToDevice(destination, values, source.Length * (long)sizeof(float));
                return;
            }
        }

        long bytes = source.Length * (long)type.Size();
        byte* staged = Staging(bytes);
        HostConversion.FromFloats(type, source, staged);
        CopyToDevice(destination, staged, bytes);
    }

    // In the stream's order, and done when it returns: the host memory is the caller's.
    private void CopyToDevice(nint destination, void* source, long bytes)
    {
        if (bytes > 0)
        {
            _driver.Check(_driver.cuMemcpyHtoDAsync_v2(new CUdeviceptr((ulong)destination), (nint)source, (nuint)bytes, _stream.Handle));
            _stream.Synchronize();
        }
    }

    private byte* Staging(long bytes)
    {
        if (bytes > _stagingBytes)
        {
            FreeStaging();
            _staging = (byte*)NativeMemory.Alloc((nuint)bytes);
            _stagingBytes = bytes;
        }

        return _staging;
    }

    private void FreeStaging()
    {
        NativeMemory.Free(_staging);
        _staging = null;
        _stagingBytes = 0;
    }

    private void RequireUploadable(Tensor destination, int count)
    {
        RequireOwn(nameof(Upload), destination);
        if (!destination.IsContiguous || destination.Shape.Count != count)
        {
            throw new ArgumentException(
                $"Upload: {count} values for {destination.Shape} with row stride {destination.RowStride} (contiguous, as many values)");
        }
    }
}
