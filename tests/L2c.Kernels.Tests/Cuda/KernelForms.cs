using L2c.Kernels.Cuda;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Every kernel that the device can launch, so that none is left out of the checks.</summary>
internal static class KernelForms
{
    private static readonly PtxCompiler _compiler = new();

    public static readonly PtxTarget[] Targets = [PtxTarget.Sm80, PtxTarget.Sm90];

    public static IReadOnlyList<KernelForm> All => KernelCatalog.All;

    /// <summary>The form's text; every test that asks for it shares one compilation.</summary>
    public static PtxKernel Compile(KernelForm form, PtxTarget target) => form.Compile(_compiler, target);
}
