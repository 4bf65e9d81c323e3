namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ResidualTermBackwardCore(Tensor dx, ResidualTerm term, Tensor dBranch, Tensor dGate)
    {
        RequireOwn(nameof(ResidualTermBackward), DType.F32, dx, term.Gate, dBranch, dGate);
        RequireOwn(nameof(ResidualTermBackward), DType.F32, dGate.IsNone ? default : term.Source);
        Enqueue(new ResidualTermBackwardArguments(dx, term, dBranch, dGate, _partialSums));
    }

    /// <inheritdoc/>
    protected override void NormBackwardCore(Tensor x, Norm norm, Tensor dy, Tensor dxIn, Tensor dxOut, Tensor dScale, Tensor dShift)
    {
        RequireOwn(nameof(NormBackward), DType.F32, x, norm.Scale, norm.Shift, dy, dxIn, dxOut, dScale, dShift);
        Enqueue(new NormBackwardArguments(x, norm, dy, dxIn, dxOut, dScale, dShift, _partialSums));
    }
}
