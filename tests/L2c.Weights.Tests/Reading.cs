using System.Runtime.InteropServices;

namespace L2c.Weights.Tests;

/// <summary>Short forms of what most tests do with a file.</summary>
internal static class Reading
{
    public static TensorFile Open(byte[] bytes) => TensorFiles.Open(ByteSource.FromMemory("memory", bytes));

    public static byte[] Bytes(this TensorFile file, string name)
    {
        TensorInfo tensor = file.Find(name) ?? throw new ArgumentException($"{file.Path} has no {name}", nameof(name));
        byte[] bytes = new byte[tensor.Bytes];
        file.ReadBytes(tensor, 0, bytes);
        return bytes;
    }

    public static float[] Floats(this TensorFile file, string name) => MemoryMarshal.Cast<byte, float>(file.Bytes(name)).ToArray();
}
