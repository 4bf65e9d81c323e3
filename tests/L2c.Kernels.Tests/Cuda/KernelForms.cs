using System.Reflection;
using L2c.Kernels.Cuda;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>One kernel closed over a storage type.</summary>
/// <param name="Name">As tables name it: <c>ResidualNormKernel.Rows.Chunks5 bf16</c>.</param>
/// <param name="Method">The closed method.</param>
/// <param name="Threads">Threads per block.</param>
/// <param name="MinBlocks">Blocks that a multiprocessor must have registers for, or 0.</param>
public sealed record KernelForm(string Name, MethodInfo Method, int Threads, int MinBlocks);

/// <summary>Every kernel that the device can launch, found by its <see cref="KernelTemplate"/>, so that none is left out of the checks.</summary>
internal static class KernelForms
{
    private static readonly PtxCompiler _compiler = new();

    public static readonly PtxTarget[] Targets = [PtxTarget.Sm80, PtxTarget.Sm90];

    public static IReadOnlyList<KernelForm> All { get; } =
    [
        .. Templates().SelectMany(template => Types(template).Select(type => new KernelForm(
            template.IsGeneric ? $"{template.Name} {Label(type)}" : template.Name, template.For(type), template.Threads, template.MinBlocks)))
            .OrderBy(form => form.Name, StringComparer.Ordinal),
    ];

    /// <summary>The form's text; every test that asks for it shares one compilation.</summary>
    public static PtxKernel Compile(KernelForm form, PtxTarget target) => _compiler.Compile(form.Method, form.Threads, target, form.MinBlocks);

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
