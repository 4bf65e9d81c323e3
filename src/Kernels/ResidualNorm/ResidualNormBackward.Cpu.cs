namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ResidualTermBackwardCore(
        Tensor dx, ReadOnlySpan<ResidualTerm> branch, ReadOnlySpan<ResidualTermGradient> gradients, Tensor dGate, Tensor dScalar)
    {
        const string Op = nameof(ResidualTermBackward);
        RequireOwn(Op, DType.F32, dx, branch[0].Gate, dGate, dScalar);
        for (int k = 0; k < branch.Length; k++)
        {
            RequireOwn(Op, DType.F32, dGate.IsNone && dScalar.IsNone ? default : branch[k].Source, branch[k].Scalar, gradients[k].DSource);
        }

        if (ResidualTerm.AreUnweighted(branch) && dScalar.IsNone && !gradients[0].DSource.IsNone)
        {
            Enqueue(new ResidualTermBackwardArguments(dx, branch[0], gradients[0].DSource, dGate, _partialSums));
        }
        else
        {
            Enqueue(new ResidualBranchBackwardArguments(dx, branch.ToArray(), gradients.ToArray(), dGate, dScalar, _partialSums));
        }
    }

    /// <inheritdoc/>
    protected override void NormBackwardCore(Tensor x, Norm norm, Tensor dy, Tensor dxIn, Tensor dxOut, Tensor dScale, Tensor dShift)
    {
        RequireOwn(nameof(NormBackward), DType.F32, x, norm.Scale, norm.Shift, dy, dxIn, dxOut, dScale, dShift);
        Enqueue(new NormBackwardArguments(x, norm, dy, dxIn, dxOut, dScale, dShift, _partialSums));
    }
}
