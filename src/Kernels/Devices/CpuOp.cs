namespace L2c.Kernels;

/// <summary>One op with its arguments, split into tiles that may run in any order and at the same time.</summary>
/// <remarks>How the work is cut into tiles may depend on the number of threads; what a tile writes must not.</remarks>
internal abstract class CpuOp
{
    /// <summary>For profiles and errors: the op as <see cref="Device"/> calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What the op belongs to.</summary>
    public OpScope Scope { get; set; } = OpScope.None;

    /// <summary>Number of tiles, at least 1.</summary>
    public abstract int Tiles { get; }

    /// <summary>Scratch memory that one tile needs.</summary>
    public virtual long ScratchBytes => 0;

    /// <summary>Floating-point operations of matrix products (two per multiply-add); 0 for ops bound by memory.</summary>
    public virtual long Flops => 0;

    /// <summary>Bytes read and written if every operand passes once.</summary>
    public abstract long Bytes { get; }

    /// <summary>Computes one tile.</summary>
    /// <param name="tile">0 .. Tiles - 1.</param>
    /// <param name="scratch">This thread's scratch, <see cref="ScratchBytes"/> or more, aligned to a cache line.</param>
    public abstract void Run(int tile, nint scratch);
}

/// <summary>An op's arguments, to be bound to a vector type. Only <see cref="CpuDevice"/> turns an instruction set into a type.</summary>
internal interface ICpuOpArguments
{
    /// <summary>The op on vectors of type V.</summary>
    /// <param name="threads">Threads it will run on: for the size of tiles only.</param>
    CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V>;
}
