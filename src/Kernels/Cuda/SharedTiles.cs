using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace L2c.Kernels.Cuda;

/// <summary>Dynamic shared memory by its 32-bit address: asynchronous copies in, matrix loads out.</summary>
/// <remarks>Source: PTX ISA, cp.async and ldmatrix, both sm_80.</remarks>
internal static class SharedTiles
{
    /// <summary>The name that the PTX text gives to dynamic shared memory; see <see cref="PtxText.Finish"/>.</summary>
    public const string Symbol = "shared_tiles";

    /// <summary>Address of the block's dynamic shared memory, aligned to 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Address()
    {
        CudaAsm.Emit("mov.u32 %0, " + Symbol + ";", out uint address);
        return address;
    }

    /// <summary>Starts copying 16 bytes from global memory, past the first-level cache.</summary>
    /// <param name="target">Shared address, aligned to 16 bytes.</param>
    /// <param name="source">Global address, aligned to 16 bytes; it is not read when <paramref name="bytes"/> is 0.</param>
    /// <param name="bytes">16, or 0 to write zeros.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StartCopy16(uint target, ulong source, int bytes) =>
        CudaAsm.Emit("cp.async.cg.shared.global [%0], [%1], 16, %2;", target, source, bytes);

    /// <summary>Waits for all copies that this thread started. Other threads see them after a barrier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WaitForCopies() => CudaAsm.Emit("cp.async.wait_all;");

    /// <summary>Writes two fp32 values.</summary>
    /// <param name="address">Aligned to 8 bytes.</param>
    /// <param name="first">At the address.</param>
    /// <param name="second">After it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTwo(uint address, float first, float second) => CudaAsm.Emit("st.shared.v2.f32 [%0], {%1,%2};", address, first, second);

    /// <summary>Reads an fp32 value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadFloat(uint address)
    {
        CudaAsm.Emit("ld.shared.f32 %0, [%1];", out float value, address);
        return value;
    }

    /// <summary>Four 8 x 8 matrices; lane l gives the address of row l mod 8 of matrix l/8, aligned to 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourMatrices LoadFour(uint address)
    {
        Output<uint> m0 = default, m1 = default, m2 = default, m3 = default;
        Input<uint> row = address;
        CudaAsm.EmitRef("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];", ref m0, ref m1, ref m2, ref m3, ref row);
        return new FourMatrices { M0 = m0.Value, M1 = m1.Value, M2 = m2.Value, M3 = m3.Value };
    }

    /// <summary><see cref="LoadFour"/>, each matrix transposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourMatrices LoadFourTransposed(uint address)
    {
        Output<uint> m0 = default, m1 = default, m2 = default, m3 = default;
        Input<uint> row = address;
        CudaAsm.EmitRef("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];", ref m0, ref m1, ref m2, ref m3, ref row);
        return new FourMatrices { M0 = m0.Value, M1 = m1.Value, M2 = m2.Value, M3 = m3.Value };
    }

    /// <summary>The first two matrices only; lanes 0 to 15 give the addresses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourMatrices LoadTwo(uint address)
    {
        Output<uint> m0 = default, m1 = default;
        Input<uint> row = address;
        CudaAsm.EmitRef("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];", ref m0, ref m1, ref row);
        return new FourMatrices { M0 = m0.Value, M1 = m1.Value };
    }

    /// <summary><see cref="LoadTwo"/>, each matrix transposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourMatrices LoadTwoTransposed(uint address)
    {
        Output<uint> m0 = default, m1 = default;
        Input<uint> row = address;
        CudaAsm.EmitRef("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];", ref m0, ref m1, ref row);
        return new FourMatrices { M0 = m0.Value, M1 = m1.Value };
    }
}
