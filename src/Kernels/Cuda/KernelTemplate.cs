using System.Reflection;

namespace L2c.Kernels.Cuda;

/// <summary>A kernel written once and compiled per storage type: a static method whose first type argument is the storage type, or one that moves
/// bytes and is not generic at all.</summary>
internal sealed class KernelTemplate
{
    private readonly MethodInfo?[] _closed;

    /// <summary>Closes a method over every storage type: its first type argument is an <see cref="IElement"/>.</summary>
    /// <param name="owner">The class that declares it.</param>
    /// <param name="method">Its name.</param>
    /// <param name="threads">Threads per block that it is launched with.</param>
    /// <param name="constants">Type arguments after the storage type.</param>
    public KernelTemplate(Type owner, string method, int threads, params Type[] constants)
    {
        MethodInfo open = Find(owner, method);
        Threads = threads;
        Name = string.Join('.', [$"{owner.Name}.{method}", .. constants.Select(type => type.Name)]);
        IsGeneric = open.IsGenericMethodDefinition;
        _closed = IsGeneric
            ? [.. new[] { typeof(F32Element), typeof(F16Element), typeof(Bf16Element) }.Select(type => open.MakeGenericMethod([type, .. constants]))]
            : [open];
    }

    private KernelTemplate(Type owner, string method, int threads, MethodInfo fp32, Type[] constants)
    {
        Threads = threads;
        Name = string.Join('.', [$"{owner.Name}.{method}", .. constants.Select(type => type.Name)]);
        IsGeneric = true;
        _closed = [fp32, null, null];
    }

    private KernelTemplate(Type owner, string method, int threads, int minBlocks, string form, Type[] arguments)
    {
        MethodInfo open = Find(owner, method);
        (Threads, MinBlocks) = (threads, minBlocks);
        Name = $"{owner.Name}.{method}.{form}";
        IsGeneric = true;
        _closed =
        [
            null,
            open.MakeGenericMethod([typeof(F16TensorCore), .. arguments]),
            open.MakeGenericMethod([typeof(Bf16TensorCore), .. arguments]),
        ];
    }

    /// <summary>For tables: <c>ResidualNormKernel.Rows.SingleTerms.Chunks5</c>.</summary>
    public string Name { get; }

    /// <summary>Threads per block.</summary>
    public int Threads { get; }

    /// <summary>Blocks that a multiprocessor must have registers for; 0 leaves it to the assembler.</summary>
    public int MinBlocks { get; }

    /// <summary>Whether there is one form per storage type.</summary>
    public bool IsGeneric { get; }

    /// <summary>Closes a method over the types that tensor cores multiply: its first type argument is an <see cref="ITensorCoreElement"/>.</summary>
    /// <param name="owner">The class that declares it.</param>
    /// <param name="method">Its name.</param>
    /// <param name="threads">Threads per block that it is launched with.</param>
    /// <param name="minBlocks">See <see cref="MinBlocks"/>.</param>
    /// <param name="form">What the other type arguments stand for, for <see cref="Name"/>.</param>
    /// <param name="arguments">Type arguments after the storage type.</param>
    public static KernelTemplate OnTensorCores(
        Type owner, string method, int threads, int minBlocks, string form, params Type[] arguments) =>
        new(owner, method, threads, minBlocks, form, arguments);

    /// <summary>Closes a method over fp32 alone.</summary>
    /// <param name="owner">The class that declares it.</param>
    /// <param name="method">Its name.</param>
    /// <param name="threads">Threads per block that it is launched with.</param>
    /// <param name="constants">Type arguments after the storage type.</param>
    public static KernelTemplate OfFp32(Type owner, string method, int threads, params Type[] constants) =>
        new(owner, method, threads, Find(owner, method).MakeGenericMethod([typeof(F32Element), .. constants]), constants);

    /// <summary>Whether there is a form for a storage type.</summary>
    public bool Has(DType type) => !IsGeneric || _closed[(int)type] is not null;

    /// <summary>The form for a storage type that it <see cref="Has"/>; allocates nothing.</summary>
    public MethodInfo For(DType type) => _closed[IsGeneric ? (int)type : 0]!;

    private static MethodInfo Find(Type owner, string method) =>
        owner.GetMethod(method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)!;
}
