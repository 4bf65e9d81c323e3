using System.Globalization;

namespace L2c.Emulation.Tests.Machine;

/// <summary>mma and ldmatrix against plain loops, with a different value in every element, so that a swapped fragment is seen.</summary>
public class MatrixTests
{
    // From the figures of the PTX ISA, "Matrix Fragments for mma.m16n8k16", "m16n8k8" and their .tf32 forms: where lane l keeps element i.
    private static (int Row, int Column) A16(int lane, int i) =>
        ((lane >> 2) + (i is 2 or 3 or 6 or 7 ? 8 : 0), ((lane & 3) * 2) + (i & 1) + (i >= 4 ? 8 : 0));

    private static (int Row, int Column) B16(int lane, int i) => (((lane & 3) * 2) + (i & 1) + (i >= 2 ? 8 : 0), lane >> 2);

    private static (int Row, int Column) A32(int lane, int i) => ((lane >> 2) + (i is 1 or 3 ? 8 : 0), (lane & 3) + (i >= 2 ? 4 : 0));

    private static (int Row, int Column) B32(int lane, int i) => ((lane & 3) + (4 * i), lane >> 2);

    private static (int Row, int Column) C(int lane, int i) => ((lane >> 2) + (i >= 2 ? 8 : 0), ((lane & 3) * 2) + (i & 1));

    [Theory]
    [InlineData("f16", 16)]
    [InlineData("f16", 8)]
    [InlineData("bf16", 16)]
    [InlineData("bf16", 8)]
    [InlineData("tf32", 8)]
    [InlineData("tf32", 4)]
    public void Mma_is_the_matrix_product(string type, int depth)
    {
        (float[,] a, float[,] b, float[,] c) = Operands(depth);
        float[] result = Multiply(type, depth, a, b, c);
        for (int row = 0; row < 16; row++)
        {
            for (int column = 0; column < 8; column++)
            {
                Assert.Equal(Reference(a, b, c, row, column), result[(row * 8) + column]);
            }
        }
    }

    [Theory]
    [InlineData("f16", 16)]
    [InlineData("tf32", 8)]
    public void Mma_with_two_swapped_registers_is_another_product(string type, int depth)
    {
        (float[,] a, float[,] b, float[,] c) = Operands(depth);
        float[] result = Multiply(type, depth, a, b, c, swap: true);
        Assert.NotEqual(Reference(a, b, c, 0, 0), result[0]);
    }

    [Fact]
    public void Mma_accumulates_beyond_float()
    {
        // 1 + 16 * 2^-26 is above 1 in float only when the sum is not rounded after every product.
        float[,] a = new float[16, 16];
        float[,] b = new float[16, 8];
        for (int i = 0; i < 16; i++)
        {
            for (int k = 0; k < 16; k++)
            {
                a[i, k] = MathF.ScaleB(1, -13);
                b[k, i % 8] = MathF.ScaleB(1, -11);
            }
        }

        float[,] c = new float[16, 8];
        c[3, 5] = 1;
        Assert.Equal(1 + MathF.ScaleB(1, -20), Multiply("f16", 16, a, b, c)[(3 * 8) + 5]);
    }

    [Fact]
    public void Mma_needs_the_whole_warp()
    {
        DeviceFault fault = Snippet.Fault(
            ".reg .pred %p; .reg .b32 %t, %h; .reg .f32 %f; mov.u32 %t, %laneid; mov.b32 %h, 0; mov.f32 %f, 0f00000000; setp.lt.u32 %p, %t, 16;\n"
            + "@%p mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%f,%f,%f,%f}, {%h,%h}, {%h}, {%f,%f,%f,%f};");
        Assert.Equal(FaultKind.BarrierDivergence, fault.Kind);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(4, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    public void Ldmatrix_spreads_rows_over_lanes(int count, bool transposed)
    {
        // Element (row, column) of matrix m is 64·m + 8·row + column; the rows lie apart and out of order, so that every address counts.
        string registers = string.Join(",", Enumerable.Range(0, count).Select(i => $"%m{i}"));
        string body = string.Create(CultureInfo.InvariantCulture, $$"""
            .shared .align 16 .b8 rows[1024]; .reg .b32 %m<4>, %v, %a, %b, %k, %slot; .reg .pred %p;
            mov.b32 %a, rows;
            // Thread t writes row t: 16 bytes at (t xor 5) times 16.
            xor.b32 %slot, %t, 5; shl.b32 %slot, %slot, 4; add.s32 %b, %a, %slot; shl.b32 %v, %t, 3;
            mov.b32 %k, 0;
            LOOP: st.shared.b16 [%b], %v; add.s32 %v, %v, 1; add.s32 %b, %b, 2; add.s32 %k, %k, 1;
            setp.lt.u32 %p, %k, 8; @%p bra LOOP;
            bar.sync 0;
            add.s32 %a, %a, %slot;
            ldmatrix.sync.aligned.m8n8.x{{count}}{{(transposed ? ".trans" : "")}}.shared.b16 {{{registers}}}, [%a];
            """);
        for (int matrix = 0; matrix < count; matrix++)
        {
            uint[] values = Snippet.Values(body + $"\nst.global.b32 [%out], %m{matrix};");
            for (int lane = 0; lane < 32; lane++)
            {
                (int major, int minor) = (lane / 4, lane % 4 * 2);
                int low = (64 * matrix) + (transposed ? (8 * minor) + major : (8 * major) + minor);
                int high = low + (transposed ? 8 : 1);
                Assert.Equal((uint)(low | (high << 16)), values[lane]);
            }
        }
    }

    [Fact]
    public void Ldmatrix_faults_on_a_row_that_16_does_not_divide()
    {
        DeviceFault fault = Snippet.Fault("""
            .shared .align 16 .b8 rows[512]; .reg .b32 %m, %a; mov.b32 %a, rows;
            ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%m}, [%a+8];
            """);
        Assert.Equal(FaultKind.Misaligned, fault.Kind);
    }

    private static (float[,] A, float[,] B, float[,] C) Operands(int depth)
    {
        // Whole numbers that f16, bf16 and tf32 hold, all different within a matrix up to 8 bits.
        float[,] a = new float[16, depth];
        float[,] b = new float[depth, 8];
        float[,] c = new float[16, 8];
        for (int i = 0; i < a.Length; i++)
        {
            a[i / depth, i % depth] = ((i * 37) % 251) - 125;
        }

        for (int i = 0; i < b.Length; i++)
        {
            b[i / 8, i % 8] = ((i * 53) % 127) - 63;
            c[i % 16, i / 16 % 8] = (i * 1000.25f) - 7;
        }

        return (a, b, c);
    }

    private static float Reference(float[,] a, float[,] b, float[,] c, int row, int column)
    {
        double sum = c[row, column];
        for (int k = 0; k < b.GetLength(0); k++)
        {
            sum += (double)a[row, k] * b[k, column];
        }

        return (float)sum;
    }

    // D row by row. Registers come from %x0 on: A, B, C; swap exchanges the first two of A.
    private static float[] Multiply(string type, int depth, float[,] a, float[,] b, float[,] c, bool swap = false)
    {
        int per = type == "tf32" ? 1 : 2;
        int registersOfA = 16 * depth / 32 / per;
        int registersOfB = depth * 8 / 32 / per;
        List<ulong[]> lanes = [];
        for (int lane = 0; lane < 32; lane++)
        {
            List<ulong> registers = [];
            registers.AddRange(Pack(type, registersOfA, i => (per == 1 ? A32(lane, i) : A16(lane, i)) is (int row, int column) ? a[row, column] : 0));
            registers.AddRange(Pack(type, registersOfB, i => (per == 1 ? B32(lane, i) : B16(lane, i)) is (int row, int column) ? b[row, column] : 0));
            registers.AddRange(Enumerable.Range(0, 4).Select(i => (ulong)BitConverter.SingleToUInt32Bits(c[C(lane, i).Row, C(lane, i).Column])));
            lanes.Add([.. registers]);
        }

        string[] names = [.. Enumerable.Range(0, registersOfA + registersOfB + 4).Select(i => $"%x{i}")];
        if (swap)
        {
            (names[0], names[1]) = (names[1], names[0]);
        }

        string List(int start, int count) => "{" + string.Join(",", names.Skip(start).Take(count)) + "}";
        float[] result = new float[128];
        for (int i = 0; i < 4; i++)
        {
            string code = $".reg .f32 %r<4>; mma.sync.aligned.m16n8k{depth}.row.col.f32.{type}.{type}.f32 {{%r0,%r1,%r2,%r3}}, "
                + $"{List(0, registersOfA)}, {List(registersOfA, registersOfB)}, {List(registersOfA + registersOfB, 4)}; mov.b32 %d, %r{i};";
            ulong[] values = Snippet.Run(code, [.. Enumerable.Repeat(32, names.Length)], 32, lanes);
            for (int lane = 0; lane < 32; lane++)
            {
                (int row, int column) = C(lane, i);
                result[(row * 8) + column] = BitConverter.UInt32BitsToSingle((uint)values[lane]);
            }
        }

        return result;
    }

    private static IEnumerable<ulong> Pack(string type, int registers, Func<int, float> element) => Enumerable.Range(0, registers).Select(
        r => type switch
    {
        "f16" => BitConverter.HalfToUInt16Bits((Half)element(2 * r)) | ((ulong)BitConverter.HalfToUInt16Bits((Half)element((2 * r) + 1)) << 16),
        "bf16" => (BitConverter.SingleToUInt32Bits(element(2 * r)) >> 16) | (BitConverter.SingleToUInt32Bits(element((2 * r) + 1)) & 0xFFFF0000UL),
        _ => BitConverter.SingleToUInt32Bits(element(r)) | 0x1FFFUL, // the device ignores these bits
    });
}
