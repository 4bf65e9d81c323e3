using System.Runtime.InteropServices;
using L2c.Weights;

namespace L2c.Testing.Golden;

/// <summary>Recorded tensors, read whole and widened to double or long.</summary>
public sealed class GoldenTensors : IDisposable
{
    private readonly TensorFile _file;

    /// <summary>Opens a recorded file.</summary>
    public GoldenTensors(string path) => _file = TensorFiles.Open(path);

    /// <summary>The file.</summary>
    public TensorFile File => _file;

    /// <summary>Shape of a tensor.</summary>
    public long[] Shape(string name) => Info(name).Shape;

    /// <summary>A floating-point tensor's values; exact, since double holds every recorded type.</summary>
    public double[] Doubles(string name)
    {
        TensorInfo info = Info(name);
        byte[] bytes = Bytes(info);
        return info.Type switch
        {
            TensorType.F64 => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
            TensorType.F32 => Array.ConvertAll(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), v => (double)v),
            TensorType.F16 => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), v => (double)v),
            _ => throw new InvalidOperationException($"{info} is not a recorded floating-point tensor"),
        };
    }

    /// <summary>An F32 tensor's values.</summary>
    public float[] Floats(string name) => Array.ConvertAll(Doubles(name), v => (float)v);

    /// <summary>An integer tensor's values.</summary>
    public long[] Longs(string name)
    {
        TensorInfo info = Info(name);
        byte[] bytes = Bytes(info);
        return info.Type switch
        {
            TensorType.I64 => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            TensorType.U8 or TensorType.Bool => Array.ConvertAll(bytes, v => (long)v),
            _ => throw new InvalidOperationException($"{info} is not a recorded integer tensor"),
        };
    }

    /// <summary>An integer tensor's values, narrowed.</summary>
    public int[] Ints(string name) => Array.ConvertAll(Longs(name), v => checked((int)v));

    /// <summary>A tensor's stored bytes.</summary>
    public byte[] Bytes(TensorInfo info)
    {
        byte[] bytes = new byte[info.Bytes];
        _file.ReadBytes(info, 0, bytes);
        return bytes;
    }

    /// <summary>A tensor's description.</summary>
    public TensorInfo Info(string name) => _file.Find(name) ?? throw new KeyNotFoundException($"{_file.Path}: no tensor {name}");

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
