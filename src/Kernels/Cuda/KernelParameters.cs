using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>The parameters of one launch, packed as PTX lays out <c>.param</c> space: in order, each aligned to its own size. Allocates
/// nothing.</summary>
/// <param name="buffer">Where to pack; usually on the stack, at least the kernel's <see cref="PtxKernel.ParameterBytes"/>.</param>
public ref struct KernelParameters(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;
    private int _used;

    /// <summary>What was added so far.</summary>
    public readonly ReadOnlySpan<byte> Packed => _buffer[.._used];

    /// <summary>Adds a device address; its parameter in C# is a <c>ulong</c>.</summary>
    public void Add(CUdeviceptr address) => Append(address.Value);

    /// <summary>Adds a 64-bit integer.</summary>
    public void Add(long value) => Append(value);

    /// <summary>Adds a 32-bit integer.</summary>
    public void Add(int value) => Append(value);

    /// <summary>Adds a float.</summary>
    public void Add(float value) => Append(value);

    /// <summary>Bytes that the parameters of a kernel take.</summary>
    /// <exception cref="ArgumentException">A parameter is not a <c>ulong</c>, <c>long</c>, <c>int</c> or <c>float</c>.</exception>
    internal static int Layout(MethodInfo kernel)
    {
        int used = 0;
        foreach (ParameterInfo parameter in kernel.GetParameters())
        {
            int bytes = parameter.ParameterType == typeof(ulong) || parameter.ParameterType == typeof(long) ? 8
                : parameter.ParameterType == typeof(int) || parameter.ParameterType == typeof(float) ? 4
                : throw new ArgumentException(
                    $"{kernel.Name}: parameter {parameter.Name} is a {parameter.ParameterType.Name}; a kernel takes ulong, long, int and float",
                    nameof(kernel));
            used = Align(used, bytes) + bytes;
        }

        return used;
    }

    private void Append<T>(T value)
        where T : unmanaged
    {
        int at = Align(_used, Unsafe.SizeOf<T>());
        _buffer[_used..at].Clear();
        MemoryMarshal.Write(_buffer[at..], value);
        _used = at + Unsafe.SizeOf<T>();
    }

    private static int Align(int offset, int bytes) => (offset + bytes - 1) & -bytes;
}
