using System.Runtime.InteropServices;
using L2c.Weights;

namespace L2c.Cli.Tests;

/// <summary>Whole tensors of a file, for comparing bit for bit.</summary>
internal static class TensorReader
{
    public static (long[] Shape, float[] Values) Floats(string path, string name)
    {
        (TensorInfo info, byte[] bytes) = Read(path, name);
        Assert.Equal(TensorType.F32, info.Type);
        return (info.Shape, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }

    public static long[] Longs(string path, string name)
    {
        (TensorInfo info, byte[] bytes) = Read(path, name);
        Assert.Equal(TensorType.I64, info.Type);
        return MemoryMarshal.Cast<byte, long>(bytes).ToArray();
    }

    private static (TensorInfo Info, byte[] Bytes) Read(string path, string name)
    {
        using TensorFile file = TensorFiles.Open(path);
        TensorInfo info = file.Find(name)!;
        Assert.NotNull(info);
        byte[] bytes = new byte[info.Bytes];
        file.ReadBytes(info, 0, bytes);
        return (info, bytes);
    }
}
