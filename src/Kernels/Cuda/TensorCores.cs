using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace L2c.Kernels.Cuda;

/// <summary>16 x 8 fp32 accumulators of one warp: lane l holds rows l/4 (C0, C1) and l/4 + 8 (C2, C3), columns 2 (l mod 4) and the next.</summary>
internal struct AccumulatorTile
{
    public float C0;
    public float C1;
    public float C2;
    public float C3;

    /// <summary>Multiplies the upper and the lower eight rows.</summary>
    public void Scale(float upper, float lower)
    {
        C0 *= upper;
        C1 *= upper;
        C2 *= lower;
        C3 *= lower;
    }
}

/// <summary>A 16 x 16 left operand: two halves per word, laid out as <see cref="AccumulatorTile"/>; A2 and A3 are columns 8 to 15.</summary>
internal struct LeftFragment
{
    public uint A0;
    public uint A1;
    public uint A2;
    public uint A3;
}

/// <summary>Four 8 x 8 matrices of halves as ldmatrix distributes them: lane l holds row l/4 (transposed: column l/4), two halves.</summary>
internal struct FourMatrices
{
    public uint M0;
    public uint M1;
    public uint M2;
    public uint M3;
}

/// <summary>A type that tensor cores multiply; both forms accumulate in fp32 and are executed by a whole warp.</summary>
/// <remarks>Source: PTX ISA, mma.sync.m16n8k16 and m16n8k8, both sm_80.</remarks>
internal interface ITensorCoreElement
{
    /// <summary>c += a b, depth 16: b0 holds rows 0 to 7 of the right operand, b1 rows 8 to 15.</summary>
    void MultiplyAdd(ref AccumulatorTile c, LeftFragment a, uint b0, uint b1);

    /// <summary>c += a b, depth 8.</summary>
    void MultiplyAdd8(ref AccumulatorTile c, uint a0, uint a1, uint b0);

    /// <summary>Two fp32 values rounded to nearest even, the first in the lower half of the word.</summary>
    uint Pack(float low, float high);
}

/// <summary>IEEE binary16 on tensor cores.</summary>
internal readonly struct F16TensorCore : ITensorCoreElement
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(ref AccumulatorTile c, LeftFragment a, uint b0, uint b1)
    {
        Ref<float> c0 = c.C0, c1 = c.C1, c2 = c.C2, c3 = c.C3;
        Input<uint> a0 = a.A0, a1 = a.A1, a2 = a.A2, a3 = a.A3, right0 = b0, right1 = b1;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};",
            ref c0, ref c1, ref c2, ref c3, ref a0, ref a1, ref a2, ref a3, ref right0, ref right1);
        c = new AccumulatorTile { C0 = c0.Value, C1 = c1.Value, C2 = c2.Value, C3 = c3.Value };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd8(ref AccumulatorTile c, uint a0, uint a1, uint b0)
    {
        Ref<float> c0 = c.C0, c1 = c.C1, c2 = c.C2, c3 = c.C3;
        Input<uint> left0 = a0, left1 = a1, right0 = b0;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};",
            ref c0, ref c1, ref c2, ref c3, ref left0, ref left1, ref right0);
        c = new AccumulatorTile { C0 = c0.Value, C1 = c1.Value, C2 = c2.Value, C3 = c3.Value };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Pack(float low, float high) => F16Element.Pack(low, high);
}

/// <summary>bfloat16 on tensor cores.</summary>
internal readonly struct Bf16TensorCore : ITensorCoreElement
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(ref AccumulatorTile c, LeftFragment a, uint b0, uint b1)
    {
        Ref<float> c0 = c.C0, c1 = c.C1, c2 = c.C2, c3 = c.C3;
        Input<uint> a0 = a.A0, a1 = a.A1, a2 = a.A2, a3 = a.A3, right0 = b0, right1 = b1;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};",
            ref c0, ref c1, ref c2, ref c3, ref a0, ref a1, ref a2, ref a3, ref right0, ref right1);
        c = new AccumulatorTile { C0 = c0.Value, C1 = c1.Value, C2 = c2.Value, C3 = c3.Value };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd8(ref AccumulatorTile c, uint a0, uint a1, uint b0)
    {
        Ref<float> c0 = c.C0, c1 = c.C1, c2 = c.C2, c3 = c.C3;
        Input<uint> left0 = a0, left1 = a1, right0 = b0;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};",
            ref c0, ref c1, ref c2, ref c3, ref left0, ref left1, ref right0);
        c = new AccumulatorTile { C0 = c0.Value, C1 = c1.Value, C2 = c2.Value, C3 = c3.Value };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Pack(float low, float high) => Bf16Element.Pack(low, high);
}
