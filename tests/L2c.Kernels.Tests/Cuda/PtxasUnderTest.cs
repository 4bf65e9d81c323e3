using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>NVIDIA's assembler, where it is present.</summary>
internal static class PtxasUnderTest
{
    private const string Missing =
        "no ptxas in L2C_PTXAS, .tools or on the path: registers, stack and spills are not checked (dev/get-ptxas.sh fetches it)";

    /// <summary>The assembler; the test is skipped, visibly, where it is missing.</summary>
    public static Ptxas Require()
    {
        Ptxas? ptxas = Ptxas.Find(Path.Combine(RepositoryPaths.Root ?? ".", ".tools"));
        Assert.SkipUnless(ptxas is not null, Missing);
        return ptxas!;
    }

    public static PtxasReport Assemble(this Ptxas ptxas, PtxKernel kernel) => ptxas.Assemble(kernel.Text, kernel.Target.Name);
}
