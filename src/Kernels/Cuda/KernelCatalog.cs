using System.Reflection;

namespace L2c.Kernels.Cuda;

/// <summary>One kernel in the form for a storage type.</summary>
/// <param name="Name">As <c>ResidualNormKernel.Rows.SingleTerms.Chunks5</c>.</param>
/// <param name="Type">"fp32", "fp16" or "bf16"; null for a kernel that has one form.</param>
/// <param name="Method">The closed method.</param>
/// <param name="Threads">Threads per block.</param>
/// <param name="MinBlocks">Blocks that a multiprocessor must have registers for, or 0.</param>
public sealed record KernelForm(string Name, string? Type, MethodInfo Method, int Threads, int MinBlocks)
{
    /// <summary>Name and type: <c>BlendKernel.Eights bf16</c>.</summary>
    public string FullName => Type is null ? Name : $"{Name} {Type}";

    /// <summary>The form's text.</summary>
    /// <param name="compiler">Compiles it, or knows it.</param>
    /// <param name="target">What to compile for.</param>
    public PtxKernel Compile(PtxCompiler compiler, PtxTarget target)
    {
        ArgumentNullException.ThrowIfNull(compiler);
        return compiler.Compile(Method, Threads, target, MinBlocks);
    }
}

/// <summary>Every kernel that a <see cref="CudaDevice"/> can launch.</summary>
public static class KernelCatalog
{
    /// <summary>Every form, by name.</summary>
    public static IReadOnlyList<KernelForm> All { get; } =
    [
        .. Templates().SelectMany(template => Types(template).Select(type => new KernelForm(
            template.Name, template.IsGeneric ? Label(type) : null, template.For(type), template.Threads, template.MinBlocks)))
            .OrderBy(form => form.FullName, StringComparer.Ordinal),
    ];

    /// <summary>The form of a closed method.</summary>
    /// <exception cref="KeyNotFoundException">It is no kernel of the engine.</exception>
    internal static KernelForm Of(MethodInfo method) =>
        All.FirstOrDefault(form => form.Method == method) ?? throw new KeyNotFoundException($"{method}: not in the catalogue of kernels");

    private static IEnumerable<KernelTemplate> Templates() =>
        from type in typeof(KernelTemplate).Assembly.GetTypes()
        where !type.ContainsGenericParameters
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        from template in field.FieldType == typeof(KernelTemplate) ? [(KernelTemplate)field.GetValue(null)!]
            : field.FieldType == typeof(KernelTemplate[]) ? (KernelTemplate[])field.GetValue(null)!
            : []
        select template;

    private static DType[] Types(KernelTemplate template) =>
        template.IsGeneric ? [.. new[] { DType.F32, DType.F16, DType.BF16 }.Where(template.Has)] : [DType.F32];

    private static string Label(DType type) => type switch { DType.F16 => "fp16", DType.BF16 => "bf16", _ => "fp32" };
}
