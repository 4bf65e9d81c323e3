namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void GatherRowsCore(Tensor source, Tensor rows, Tensor destination)
    {
        RequireOwn(nameof(GatherRows), DType.F32, source, destination);
        RequireOwn(nameof(GatherRows), DType.I32, rows);
        Enqueue(new GatherRowsArguments(source, rows, destination));
    }
}
