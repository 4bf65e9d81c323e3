using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Runtime;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda;

public sealed class PtxCompilerTests : IDisposable
{
    private readonly PtxCompiler _compiler = new();

    public void Dispose() => _compiler.Dispose();

    public static TheoryData<string> Targets => ["sm_80", "sm_90"];

    internal static PtxTarget Target(string name) => name == "sm_80" ? PtxTarget.Sm80 : PtxTarget.Sm90;

    [Theory, MemberData(nameof(Targets))]
    public void The_residual_norm_compiles_to_one_entry_without_local_memory(string target)
    {
        PtxKernel kernel = _compiler.Compile(ResidualNormCuda.Method, ResidualNormCuda.ThreadsPerBlock, Target(target));

        Assert.Equal("Kernel_GatedResidualNorm", kernel.EntryName);
        Assert.Single(Regex.Matches(kernel.Text, @"\.entry\s+" + kernel.EntryName + @"\("));
        Assert.Contains($"\n.target {target}\n", kernel.Text, StringComparison.Ordinal);
        Assert.Contains(target == "sm_80" ? "\n.version 7.0\n" : "\n.version 7.8\n", kernel.Text, StringComparison.Ordinal);
        Assert.Contains($".maxntid {ResidualNormCuda.ThreadsPerBlock}, 1, 1", kernel.Text, StringComparison.Ordinal);
        Assert.False(UsesLocalMemory(kernel));
        Assert.True(kernel.Text.All(char.IsAscii));
    }

    [Fact]
    public void The_check_for_local_memory_sees_a_variable_index() =>
        Assert.True(UsesLocalMemory(_compiler.Compile(Method(nameof(VariableIndex)), 32, PtxTarget.Sm80)));

    [Fact]
    public void Every_access_names_its_state_space()
    {
        string text = _compiler.Compile(ResidualNormCuda.Method, ResidualNormCuda.ThreadsPerBlock, PtxTarget.Sm90).Text;

        string[] spaces = [.. Regex.Matches(text, @"\b(?:ld|st)\.(\w+)").Select(m => m.Groups[1].Value).Distinct().Order()];
        Assert.Equal(["global", "param", "shared"], spaces);
        string local = _compiler.Compile(Method(nameof(VariableIndex)), 32, PtxTarget.Sm90).Text;
        Assert.Contains("st.local.f32", local, StringComparison.Ordinal);
    }

    [Fact]
    public void The_divisions_are_done_once_not_per_channel()
    {
        string text = _compiler.Compile(ResidualNormCuda.Method, ResidualNormCuda.ThreadsPerBlock, PtxTarget.Sm90).Text;

        Assert.Equal(2, Regex.Count(text, @"\bdiv\.rn\.f32"));
        Assert.Equal(1, Regex.Count(text, @"\bsqrt\.rn\.f32"));
        Assert.Equal(10, Regex.Count(text, @"\bshfl\.sync\.bfly"));
    }

    [Fact]
    public void Packed_parameters_agree_with_the_entry()
    {
        PtxKernel kernel = _compiler.Compile(Method(nameof(MixedParameters)), 32, PtxTarget.Sm80);

        string[] types = [.. Regex.Matches(kernel.Text, @"\.param \.(\w+) _").Select(m => m.Groups[1].Value)];
        Assert.Equal(["b32", "b64", "f32", "b64", "b32"], types);
        Assert.Equal(36, kernel.ParameterBytes); // 4, pad 4, 8, 4, pad 4, 8, 4
    }

    [Fact]
    public void A_kernel_is_compiled_once_per_target()
    {
        PtxKernel first = _compiler.Compile(Method(nameof(MixedParameters)), 32, PtxTarget.Sm80);

        Assert.Same(first, _compiler.Compile(Method(nameof(MixedParameters)), 32, PtxTarget.Sm80));
        Assert.NotSame(first, _compiler.Compile(Method(nameof(MixedParameters)), 32, PtxTarget.Sm90));
        ArgumentException other = Assert.Throws<ArgumentException>(() => _compiler.Compile(Method(nameof(MixedParameters)), 64, PtxTarget.Sm80));
        Assert.Contains("compiled for blocks of 32 threads, now 64", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unsuitable_methods_are_refused()
    {
        ArgumentException parameter = Assert.Throws<ArgumentException>(() => _compiler.Compile(Method(nameof(TakesDouble)), 32, PtxTarget.Sm80));
        Assert.StartsWith(
            "TakesDouble: parameter value is a Double; a kernel takes ulong, long, int and float", parameter.Message, StringComparison.Ordinal);
        MethodInfo instance = typeof(PtxCompilerTests).GetMethod(nameof(Dispose))!;
        Assert.Throws<ArgumentException>(() => _compiler.Compile(instance, 32, PtxTarget.Sm80));
    }

    [Theory]
    [InlineData("8.0", "sm_80")]
    [InlineData("8.9", "sm_80")]
    [InlineData("9.0", "sm_90")]
    [InlineData("12.0", "sm_90")]
    public void A_device_gets_the_newest_target_that_it_runs(string capability, string target) =>
        Assert.Equal(target, PtxTarget.For(Version.Parse(capability)).Name);

    [Fact]
    public void A_device_before_Ampere_is_refused()
    {
        string message = Assert.Throws<CudaUnavailableException>(() => PtxTarget.For(new Version(7, 5))).Message;
        Assert.Equal("device: compute capability 7.5 is too old; L2c needs 8.0 (Ampere) or newer", message);
    }

    private static bool UsesLocalMemory(PtxKernel kernel) => Regex.IsMatch(kernel.Text, @"\.local\b");

    private static MethodInfo Method(string name) => typeof(PtxCompilerTests).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!;

    private static void VariableIndex(int index, int count)
    {
        ArrayView1D<float, Stride1D.Dense> values = LocalMemory.Allocate1D<float>(8);
        for (int i = 0; i < 8; i++)
        {
            values[i] = i * count;
        }

        ArrayView<float> result = SharedMemory.Allocate<float>(1);
        result[0] = values[index & 7];
    }

    private static void MixedParameters(int a, ulong b, float c, long d, int e)
    {
        ArrayView<float> result = SharedMemory.Allocate<float>(1);
        result[0] = a + (float)b + c + d + e;
    }

    private static void TakesDouble(double value)
    {
        ArrayView<double> result = SharedMemory.Allocate<double>(1);
        result[0] = value;
    }
}
