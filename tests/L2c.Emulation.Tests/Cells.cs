using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation.Tests;

/// <summary>One stored element, independently of the emulator's own conversions.</summary>
internal static class Cell
{
    public static ushort Bits(cudaDataType_t type, double value) =>
        type == cudaDataType_t.CUDA_R_16F
            ? BitConverter.HalfToUInt16Bits((Half)value)
            : (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16);

    public static float Value(cudaDataType_t type, ushort bits) =>
        type == cudaDataType_t.CUDA_R_16F ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);
}

/// <summary>A batch of random column-major matrices with gaps between columns and between matrices.</summary>
internal sealed class Cells
{
    private readonly cudaDataType_t _type;
    private readonly int _rows, _columns, _ld, _batch, _stride;
    private readonly byte[] _bytes;

    public Cells(cudaDataType_t type, int rows, int columns, int pad, int batch, Random random)
    {
        (_type, _rows, _columns, _ld, _batch) = (type, rows, columns, rows + pad, batch);
        _stride = _ld * columns + pad;
        _bytes = new byte[_stride * batch * Size];
        for (int i = 0; i < _stride * batch; i++)
        {
            float value = (float)(random.NextDouble() * 2 - 1);
            if (type == cudaDataType_t.CUDA_R_32F)
            {
                MemoryMarshal.Write(_bytes.AsSpan(i * Size), value);
            }
            else
            {
                MemoryMarshal.Write(_bytes.AsSpan(i * Size), Cell.Bits(type, value));
            }
        }
    }

    private Cells(Cells like, byte[] bytes)
    {
        (_type, _rows, _columns, _ld, _batch, _stride) = (like._type, like._rows, like._columns, like._ld, like._batch, like._stride);
        _bytes = bytes;
    }

    private int Size => _type == cudaDataType_t.CUDA_R_32F ? 4 : 2;

    public void Describe(Matmul matmul, string name) => matmul.With(name, _type, _rows, _columns, _ld, _batch, _stride);

    public CUdeviceptr Upload(Device device) => device.Upload<byte>(_bytes);

    public Cells Download(Device device, CUdeviceptr address) => new(this, device.Download<byte>(address, _bytes.Length));

    /// <summary>An element as a matmul reads it; fp32 in tf32 has 10 bits of mantissa.</summary>
    public double At(int batch, int row, int column, cublasComputeType_t compute = cublasComputeType_t.CUBLAS_COMPUTE_32F)
    {
        double value = At(batch * _stride + column * _ld + row);
        if (compute == cublasComputeType_t.CUBLAS_COMPUTE_32F || value == 0)
        {
            return value;
        }

        double unit = Math.ScaleB(1, Math.ILogB(value) - 10);
        return Math.Round(value / unit, MidpointRounding.AwayFromZero) * unit;
    }

    /// <summary>Whether everything between the columns is the same.</summary>
    public bool PaddingEquals(Cells other) =>
        Enumerable.Range(0, _stride * _batch)
            .Where(i => i % _stride >= _ld * _columns || i % _stride % _ld >= _rows)
            .All(i => At(i).Equals(other.At(i)));

    private double At(int index) =>
        _type == cudaDataType_t.CUDA_R_32F
            ? MemoryMarshal.Read<float>(_bytes.AsSpan(index * Size))
            : Cell.Value(_type, MemoryMarshal.Read<ushort>(_bytes.AsSpan(index * Size)));
}
