using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using L2c.Emulation.Counting;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>ldmatrix.m8n8: every lane of eight gives the address of one row of 16 bytes, and gets two neighbours of one row of each matrix.</summary>
internal sealed unsafe class LoadMatrix(Register[] d, Address address, bool transposed) : Op
{
    private const int RowBytes = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        WholeWarp.Check(warp, active);
        uint addressed = uint.MaxValue >> (32 - (8 * d.Length));
        warp.Require(address.Base, addressed);
        ushort** rows = stackalloc ushort*[8 * d.Length];
        for (int lane = 0; lane < 8 * d.Length; lane++)
        {
            warp.Lane = lane;
            rows[lane] = (ushort*)warp.Block.Shared.Read(warp, address.Of(warp, lane), RowBytes);
        }

        for (int matrix = 0; matrix < d.Length; matrix++)
        {
            uint* result = warp.Values<uint>(d[matrix]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                int major = lane / 4;
                int minor = lane % 4 * 2;
                ushort** row = rows + (8 * matrix);
                (ushort low, ushort high) = transposed ? (row[minor][major], row[minor + 1][major]) : (row[major][minor], row[major][minor + 1]);
                result[lane] = low | ((uint)high << 16);
            }

            warp.Define(d[matrix], active);
        }
    }

    // A quarter-warp's addresses are the rows of one matrix, which is what one wavefront gives.
    public override void Count(Warp warp, uint active, BlockCounter counter)
    {
        uint addressed = uint.MaxValue >> (32 - (8 * d.Length));
        address.All(warp, addressed, counter);
        counter.Request(MemorySpace.Shared, AccessKind.Matrix, addressed, RowBytes);
    }
}

/// <summary>An element of an mma operand: how it is packed into registers of 32 bits.</summary>
internal interface IMatrixElement
{
    static abstract int PerRegister { get; }

    static abstract float Of(uint register, int index);
}

internal readonly struct HalfElement : IMatrixElement
{
    public static int PerRegister => 2;

    // The exponent is moved by a multiplication, which normalises subnormal numbers on the way.
    public static float Of(uint register, int index)
    {
        uint bits = register >> (16 * index) & 0xFFFF;
        uint magnitude = (bits & 0x7FFF) << 13;
        uint value = (bits & 0x7C00) == 0x7C00
            ? magnitude | 0x7F800000
            : BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(magnitude) * 5.192296858534828e33f); // 2^112
        return BitConverter.UInt32BitsToSingle(value | (bits & 0x8000) << 16);
    }
}

internal readonly struct BFloat16Element : IMatrixElement
{
    public static int PerRegister => 2;

    public static float Of(uint register, int index) => BitConverter.UInt32BitsToSingle(register >> (16 * index) << 16);
}

/// <summary>tf32: of a float the sign, the exponent and the upper ten bits; the device ignores the rest.</summary>
internal readonly struct Tf32Element : IMatrixElement
{
    public static int PerRegister => 1;

    public static float Of(uint register, int index) => BitConverter.UInt32BitsToSingle(register & 0xFFFFE000);
}

/// <summary>mma.m16n8: D[16,8] = A[16,K] · B[K,8] + C[16,8].</summary>
/// <remarks>
/// Lane l holds the rows g = l / 4 and g + 8 of A, C and D, and column g of B; t = l % 4 says which columns of A, C and D and which rows of B.
/// With p elements per register, register r of A holds row g + 8·(r % 2), columns p·t + 4p·(r / 2) and on; register r of B holds rows p·t + 4p·r
/// and on; register r of C and D holds row g + 8·(r / 2), column 2·t + r % 2 (PTX ISA, matrix fragments for mma.m16n8k16 and mma.m16n8k8).
/// Products are exact in double; the sum is taken in double and rounded once to float, where the device rounds more often, in an order that is
/// not documented.
/// </remarks>
internal sealed unsafe class MultiplyMatrices<T>(Register[] d, Register[] a, Register[] b, Register[] c, int depth) : Op
    where T : IMatrixElement
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        WholeWarp.Check(warp, active);
        double* left = stackalloc double[16 * depth];
        double* right = stackalloc double[depth * 8];
        double* sums = stackalloc double[16 * 8];
        int per = T.PerRegister;
        for (int r = 0; r < a.Length; r++)
        {
            warp.Require(a[r], active);
            uint* values = warp.Values<uint>(a[r]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                double* at = left + (((lane / 4) + (8 * (r % 2))) * depth) + (per * (lane % 4)) + (4 * per * (r / 2));
                for (int i = 0; i < per; i++)
                {
                    at[i] = T.Of(values[lane], i);
                }
            }
        }

        for (int r = 0; r < b.Length; r++)
        {
            warp.Require(b[r], active);
            uint* values = warp.Values<uint>(b[r]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                double* at = right + (((per * (lane % 4)) + (4 * per * r)) * 8) + (lane / 4);
                for (int i = 0; i < per; i++)
                {
                    at[8 * i] = T.Of(values[lane], i);
                }
            }
        }

        for (int r = 0; r < c.Length; r++)
        {
            warp.Require(c[r], active);
            float* values = warp.Values<float>(c[r]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                sums[(((lane / 4) + (8 * (r / 2))) * 8) + (2 * (lane % 4)) + (r % 2)] = values[lane];
            }
        }

        for (int row = 0; row < 16; row += 4)
        {
            FourRows(left + (row * depth), right, sums + (row * 8), depth);
        }

        for (int r = 0; r < d.Length; r++)
        {
            float* values = warp.Values<float>(d[r]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                values[lane] = NaNs.Canonical((float)sums[(((lane / 4) + (8 * (r / 2))) * 8) + (2 * (lane % 4)) + (r % 2)]);
            }

            warp.Define(d[r], active);
        }
    }

    public override void Count(Warp warp, uint active, BlockCounter counter) => counter.Macs += 16 * 8 * depth;

    // Four sums that do not wait for each other.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(double* left, double* right, double* sums, int depth)
    {
        Vector512<double> sum0 = Vector512.Load(sums);
        Vector512<double> sum1 = Vector512.Load(sums + 8);
        Vector512<double> sum2 = Vector512.Load(sums + 16);
        Vector512<double> sum3 = Vector512.Load(sums + 24);
        for (int k = 0; k < depth; k++)
        {
            Vector512<double> row = Vector512.Load(right + (k * 8));
            sum0 = Vector512.FusedMultiplyAdd(Vector512.Create(left[k]), row, sum0);
            sum1 = Vector512.FusedMultiplyAdd(Vector512.Create(left[k + depth]), row, sum1);
            sum2 = Vector512.FusedMultiplyAdd(Vector512.Create(left[k + (2 * depth)]), row, sum2);
            sum3 = Vector512.FusedMultiplyAdd(Vector512.Create(left[k + (3 * depth)]), row, sum3);
        }

        sum0.Store(sums);
        sum1.Store(sums + 8);
        sum2.Store(sums + 16);
        sum3.Store(sums + 24);
    }
}
