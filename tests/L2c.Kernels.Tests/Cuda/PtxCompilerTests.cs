using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Runtime;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda;

public sealed class PtxCompilerTests
{
    private readonly PtxCompiler _compiler = new();

    [Fact]
    public void Every_kernel_compiles_to_one_entry_without_local_memory_whose_accesses_name_their_space()
    {
        Assert.True(KernelForms.All.Count >= 40, $"{KernelForms.All.Count} kernels found");
        foreach (PtxTarget target in KernelForms.Targets)
        {
            foreach (KernelForm form in KernelForms.All)
            {
                PtxKernel kernel = _compiler.Compile(form.Method, form.Threads, target, form.MinBlocks);

                Assert.True(Regex.Count(kernel.Text, @"\.entry\s+" + kernel.EntryName + @"\(") == 1, form.Name);
                Assert.Contains($"\n.target {target}\n", kernel.Text, StringComparison.Ordinal);
                Assert.Contains(target == PtxTarget.Sm80 ? "\n.version 7.0\n" : "\n.version 7.8\n", kernel.Text, StringComparison.Ordinal);
                Assert.Contains($".maxntid {form.Threads}, 1, 1", kernel.Text, StringComparison.Ordinal);
                Assert.Equal(form.MinBlocks == 0 ? [] : [$"{form.MinBlocks}"], Regex.Matches(kernel.Text, @"\.minnctapersm (\d+)").Select(m => m.Groups[1].Value));
                Assert.False(UsesLocalMemory(kernel), form.Name);
                Assert.DoesNotMatch(@"@!?%p\d+\s+bra\.uni", kernel.Text);
                Assert.True(kernel.Text.All(char.IsAscii), form.Name);
                Assert.All(Spaces(kernel.Text), space => Assert.Contains(space, (string[])["global", "param", "shared"]));
            }
        }
    }

    [Fact]
    public void The_check_for_local_memory_sees_a_variable_index()
    {
        PtxKernel kernel = _compiler.Compile(Method(nameof(VariableIndex)), 32, PtxTarget.Sm80);
        Assert.True(UsesLocalMemory(kernel));
        Assert.Contains("st.local.f32", kernel.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_residual_norm_divides_once_per_row_and_moves_sixteen_bytes_at_a_time()
    {
        KernelTemplate rows = ResidualNormKernel.For(1152);
        string text = _compiler.Compile(rows.For(DType.BF16), rows.Threads, PtxTarget.Sm90).Text;

        Assert.Equal(3, Regex.Count(text, @"\bdiv\.rn\.f32"));
        Assert.Equal(1, Regex.Count(text, @"\bsqrt\.rn\.f32"));
        Assert.Equal(10, Regex.Count(text, @"\bshfl\.sync\.bfly"));
        Assert.All(Regex.Matches(text, @"\b(?:ld|st)\.global\.(\w+)").Cast<Match>(), match => Assert.Equal("v4", match.Groups[1].Value));

        // Five chunks of x, of a branch alone, of a branch and its gate, of scale and shift; five of x' and of y.
        Assert.Equal(30, Regex.Count(text, @"\bld\.global\."));
        Assert.Equal(10, Regex.Count(text, @"\bst\.global\."));
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
    public void A_structure_of_floats_is_packed_as_the_entry_declares_it()
    {
        PtxKernel kernel = _compiler.Compile(Method(nameof(StructureParameter)), 32, PtxTarget.Sm80);

        Assert.Contains(".param .align 4 .b8 _b_1[12]", kernel.Text, StringComparison.Ordinal);
        Assert.Equal(24, kernel.ParameterBytes); // 4, 12, 8
        KernelParameters parameters = new(new byte[64]);
        parameters.Add(7);
        parameters.AddNumbers(new Triple(1, 2, 3));
        parameters.Add(9L);
        Assert.Equal([1f, 2f, 3f], MemoryMarshal.Cast<byte, float>(parameters.Packed[4..16]));
        Assert.Equal(9, MemoryMarshal.Read<long>(parameters.Packed[16..]));
    }

    [Fact]
    public void A_structure_is_one_parameter_as_the_launcher_packs_it()
    {
        PtxKernel kernel = _compiler.Compile(Method(nameof(TakesStructure)), 32, PtxTarget.Sm80);

        Assert.Contains(".param .align 8 .b8 _pair_1[32],", kernel.Text, StringComparison.Ordinal);
        Assert.Equal(44, kernel.ParameterBytes); // 4, pad 4, two of 12 with 4 of padding, 4
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(1);
        parameters.AddStructure(new Pair(new Item(2, 0.5f), new Item(3, 0.25f)));
        parameters.Add(4);
        int[] words = MemoryMarshal.Cast<byte, int>(parameters.Packed).ToArray();
        Assert.Equal(kernel.ParameterBytes, parameters.Packed.Length);
        Assert.Equal(
            [1, 0, 2, 0, BitConverter.SingleToInt32Bits(0.5f), 3, 0, BitConverter.SingleToInt32Bits(0.25f), 4],
            words.Where((_, i) => i is not (5 or 9)));
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

    [Theory]
    [InlineData(56, 0)]
    [InlineData(64, 4)]
    [InlineData(72, 4)]
    [InlineData(80, 0)]
    public void Flash_attention_asks_for_four_blocks_where_its_registers_just_suffice(int headWidth, int blocks)
    {
        KernelTemplate kernel = FlashAttention.For(DType.BF16, headWidth)!;
        Assert.Equal(blocks, kernel.MinBlocks);
        string text = _compiler.Compile(kernel.For(DType.BF16), kernel.Threads, PtxTarget.Sm90, kernel.MinBlocks).Text;
        Assert.Equal(blocks > 0, Regex.IsMatch(text, @"\.maxntid 128, 1, 1\s+\.minnctapersm 4\s"));
    }

    [Fact]
    public void A_kernel_has_one_text_whatever_was_compiled_before()
    {
        PtxKernel first = _compiler.Compile(Method(nameof(MixedParameters)), 32, PtxTarget.Sm80);
        PtxCompiler another = new();
        another.Compile(Method(nameof(VariableIndex)), 32, PtxTarget.Sm80);

        Assert.Equal(first.Text, another.Compile(Method(nameof(MixedParameters)), 32, PtxTarget.Sm80).Text);

        // Large enough for the compiler to order it otherwise if it remembered the first.
        KernelTemplate large = FlashAttention.For(DType.F16, 112)!;
        string alone = _compiler.Compile(large.For(DType.F16), large.Threads, PtxTarget.Sm80).Text;
        Assert.Equal(alone, another.Compile(large.For(DType.F16), large.Threads, PtxTarget.Sm80).Text);
        Assert.Equal(
            ["_a_0", "_b_1", "_c_2", "_d_3", "_e_4"], Regex.Matches(first.Text, @"\.param \.\w+ (\w+)").Select(match => match.Groups[1].Value));
    }

    [Fact]
    public void Unsuitable_methods_are_refused()
    {
        ArgumentException parameter = Assert.Throws<ArgumentException>(() => _compiler.Compile(Method(nameof(TakesDouble)), 32, PtxTarget.Sm80));
        Assert.StartsWith(
            "TakesDouble: parameter value is a Double; a kernel takes ulong, long, int, float and structures of these",
            parameter.Message,
            StringComparison.Ordinal);
        ArgumentException structure = Assert.Throws<ArgumentException>(() => _compiler.Compile(Method(nameof(TakesMixed)), 32, PtxTarget.Sm80));
        Assert.StartsWith("TakesMixed: parameter value is a Mixed; a kernel takes", structure.Message, StringComparison.Ordinal);
        MethodInfo instance = typeof(PtxCompilerTests).GetMethod(nameof(Unsuitable_methods_are_refused))!;
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

    private static IEnumerable<string> Spaces(string text) => Regex.Matches(text, @"\b(?:ld|st)\.(\w+)").Select(m => m.Groups[1].Value).Distinct();

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

    private static void StructureParameter(int a, Triple b, long c)
    {
        ArrayView<float> result = SharedMemory.Allocate<float>(1);
        result[0] = a + b.X + b.Y + b.Z + c;
    }

    private static void TakesStructure(int a, Pair pair, int b)
    {
        ArrayView<float> result = SharedMemory.Allocate<float>(1);
        result[0] = pair.First.Address + pair.First.Weight + pair.Second.Address + pair.Second.Weight + a + b;
    }

    private static void TakesMixed(Mixed value)
    {
        ArrayView<float> result = SharedMemory.Allocate<float>(1);
        result[0] = value.X + (float)value.Y;
    }

    private static void TakesDouble(double value)
    {
        ArrayView<double> result = SharedMemory.Allocate<double>(1);
        result[0] = value;
    }

    private readonly record struct Triple(float X, float Y, float Z);

    private readonly record struct Mixed(float X, double Y);

    private readonly struct Item(ulong address, float weight)
    {
        public readonly ulong Address = address;
        public readonly float Weight = weight;
    }

    private readonly struct Pair(Item first, Item second)
    {
        public readonly Item First = first;
        public readonly Item Second = second;
    }
}
