using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>The parameters of one launch, packed as PTX lays out <c>.param</c> space: in order, each aligned to its largest number. Allocates
/// nothing.</summary>
/// <param name="buffer">Where to pack; usually on the stack, at least the kernel's <see cref="PtxKernel.ParameterBytes"/>.</param>
public ref struct KernelParameters(Span<byte> buffer)
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private readonly Span<byte> _buffer = buffer;
    private int _used;

    /// <summary>What was added so far.</summary>
    public readonly ReadOnlySpan<byte> Packed => _buffer[.._used];

    /// <summary>Adds a device address; its parameter in C# is a <c>ulong</c>.</summary>
    public void Add(CUdeviceptr address) => Append(address.Value, sizeof(ulong));

    /// <summary>Adds a 64-bit integer.</summary>
    public void Add(long value) => Append(value, sizeof(long));

    /// <summary>Adds a 32-bit integer.</summary>
    public void Add(int value) => Append(value, sizeof(int));

    /// <summary>Adds a float.</summary>
    public void Add(float value) => Append(value, sizeof(float));

    /// <summary>Adds a structure of floats, which host and kernel share.</summary>
    public void AddFloats<T>(T value)
        where T : unmanaged => Append(value, sizeof(float));

    /// <summary>Bytes that the parameters of a kernel take.</summary>
    /// <exception cref="ArgumentException">A parameter is not a <c>ulong</c>, <c>long</c>, <c>int</c>, <c>float</c> or a structure of floats.</exception>
    internal static int Layout(MethodInfo kernel)
    {
        int used = 0;
        foreach (ParameterInfo parameter in kernel.GetParameters())
        {
            Type type = parameter.ParameterType;
            (int bytes, int alignment) = type == typeof(ulong) || type == typeof(long) ? (8, 8)
                : type == typeof(int) || type == typeof(float) ? (4, 4)
                : FloatsOf(type) is > 0 and int floats ? (floats * sizeof(float), sizeof(float))
                : throw new ArgumentException(
                    $"{kernel.Name}: parameter {parameter.Name} is a {type.Name}; a kernel takes ulong, long, int, float and structures of floats",
                    nameof(kernel));
            used = Align(used, alignment) + bytes;
        }

        return used;
    }

    // How many floats a structure consists of; 0 if of anything else.
    private static int FloatsOf(Type type)
    {
        FieldInfo[] fields = type is { IsValueType: true, IsPrimitive: false } ? type.GetFields(Fields) : [];
        return Array.TrueForAll(fields, field => field.FieldType == typeof(float)) ? fields.Length : 0;
    }

    private void Append<T>(T value, int alignment)
        where T : unmanaged
    {
        int at = Align(_used, alignment);
        _buffer[_used..at].Clear();
        MemoryMarshal.Write(_buffer[at..], value);
        _used = at + Unsafe.SizeOf<T>();
    }

    private static int Align(int offset, int bytes) => (offset + bytes - 1) & -bytes;
}
