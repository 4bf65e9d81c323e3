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

    /// <summary>Adds a structure, field by field the one that the kernel takes. It has an address or a <c>long</c> in it, so it starts at a multiple of
    /// 8.</summary>
    public void AddStructure<T>(in T value)
        where T : unmanaged => Append(value, 8);

    /// <summary>Adds a structure of floats or of 32-bit integers, which host and kernel share.</summary>
    public void AddNumbers<T>(in T value)
        where T : unmanaged => Append(value, sizeof(float));

    /// <summary>Bytes that the parameters of a kernel take.</summary>
    /// <exception cref="ArgumentException">A parameter is not a <c>ulong</c>, <c>long</c>, <c>int</c> or <c>float</c>, nor a structure of those.</exception>
    internal static int Layout(MethodInfo kernel)
    {
        int used = 0;
        foreach (ParameterInfo parameter in kernel.GetParameters())
        {
            Type type = parameter.ParameterType;
            int alignment = Alignment(type);
            if (alignment == 0)
            {
                throw new ArgumentException(
                    $"{kernel.Name}: parameter {parameter.Name} is a {type.Name}; a kernel takes ulong, long, int, float and structures of these",
                    nameof(kernel));
            }

            used = Align(used, alignment) + RuntimeHelpers.SizeOf(type.TypeHandle);
        }

        return used;
    }

    // 0 for what a kernel does not take.
    private static int Alignment(Type type)
    {
        if (type == typeof(ulong) || type == typeof(long))
        {
            return 8;
        }

        if (type.IsPrimitive || !type.IsValueType)
        {
            return type == typeof(int) || type == typeof(float) ? 4 : 0;
        }

        int[] fields = Array.ConvertAll(
            type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic), field => Alignment(field.FieldType));
        return fields.Length == 0 || fields.Contains(0) ? 0 : fields.Max();
    }

    private void Append<T>(T value)
        where T : unmanaged => Append(value, Unsafe.SizeOf<T>());

    private void Append<T>(in T value, int alignment)
        where T : unmanaged
    {
        int at = Align(_used, alignment);
        _buffer[_used..at].Clear();
        MemoryMarshal.Write(_buffer[at..], value);
        _used = at + Unsafe.SizeOf<T>();
    }

    private static int Align(int offset, int bytes) => (offset + bytes - 1) & -bytes;
}
