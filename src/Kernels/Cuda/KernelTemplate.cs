using System.Reflection;

namespace L2c.Kernels.Cuda;

/// <summary>A kernel written once and compiled per storage type: a static method generic over <see cref="IElement"/>, or one that moves bytes and is
/// not generic at all.</summary>
internal sealed class KernelTemplate
{
    private readonly MethodInfo[] _closed;

    /// <summary>Closes a method over every storage type.</summary>
    /// <param name="owner">The class that declares it.</param>
    /// <param name="method">Its name.</param>
    /// <param name="threads">Threads per block that it is launched with.</param>
    /// <param name="constants">Type arguments after the storage type.</param>
    public KernelTemplate(Type owner, string method, int threads, params Type[] constants)
    {
        MethodInfo open = owner.GetMethod(method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)!;
        Threads = threads;
        Name = string.Join('.', [$"{owner.Name}.{method}", .. constants.Select(type => type.Name)]);
        IsGeneric = open.IsGenericMethodDefinition;
        _closed = IsGeneric
            ? [.. new[] { typeof(F32Element), typeof(F16Element), typeof(Bf16Element) }.Select(type => open.MakeGenericMethod([type, .. constants]))]
            : [open];
    }

    /// <summary>For tables: <c>ResidualNormKernel.Rows.Five</c>.</summary>
    public string Name { get; }

    /// <summary>Threads per block.</summary>
    public int Threads { get; }

    /// <summary>Whether there is one form per storage type.</summary>
    public bool IsGeneric { get; }

    /// <summary>The form for a storage type; allocates nothing.</summary>
    public MethodInfo For(DType type) => _closed[IsGeneric ? (int)type : 0];
}
