using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    /// <remarks>One launch for a term without factors. Of a weighted branch dGate comes first, by columns, then the rest by rows, which may overwrite
    /// dx.</remarks>
    protected override void ResidualTermBackwardCore(
        Tensor dx, ReadOnlySpan<ResidualTerm> branch, ReadOnlySpan<ResidualTermGradient> gradients, Tensor dGate, Tensor dScalar)
    {
        const string Op = nameof(ResidualTermBackward);
        RequireType(Op, StorageType, dx, branch[0].Gate, dGate);
        RequireType(Op, DType.F32, dScalar);
        int written = 0, sloped = 0;
        for (int k = 0; k < branch.Length; k++)
        {
            RequireType(Op, StorageType, dGate.IsNone && dScalar.IsNone ? default : branch[k].Source, gradients[k].DSource);
            RequireType(Op, DType.F32, branch[k].Scalar);
            written += gradients[k].DSource.IsNone ? 0 : 1;
            sloped += gradients[k].Slope == 0 ? 0 : 1;
        }

        if (!dGate.IsNone)
        {
            RequireImages(Op, dx.Shape[0]);
        }

        if (ResidualTerm.AreUnweighted(branch) && dScalar.IsNone && written == 1)
        {
            BeginOp(Op, flops: 0, bytes: (dGate.IsNone ? 2 : 3) * dx.Shape.Count * StorageType.Size());
            LaunchTermBackward(dx, branch[0], gradients[0].DSource, dGate);
            return;
        }

        bool hasRows = written + sloped > 0;
        int passes = (dGate.IsNone ? 0 : branch.Length + 1) + (hasRows ? 1 + written + sloped : 0);
        BeginOp(Op, flops: 0, bytes: (passes * dx.Shape.Count * StorageType.Size()) + (dScalar.IsNone ? 0 : dx.Rows * (long)sizeof(float)));
        if (!dGate.IsNone)
        {
            KernelParameters parameters = new(stackalloc byte[384]);
            parameters.Add(Address(dx));
            parameters.AddStructure(ToWeightedTerms(branch));
            parameters.Add(Address(dGate));
            parameters.Add(dGate.RowStride);
            parameters.Add(dx.Shape[1]);
            parameters.Add(dx.Columns);
            LaunchSize grid = new(Blocks(dx.Columns, ColumnBlock.Columns), dx.Shape[0]);
            Launch(ResidualBranchBackwardKernel.Columns, grid, parameters.Packed);
        }

        if (hasRows)
        {
            LaunchBranchRows(dx, branch, gradients, dScalar);
        }
    }

    private void LaunchTermBackward(Tensor dx, ResidualTerm term, Tensor dSource, Tensor dGate)
    {
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(dx));
        if (dGate.IsNone)
        {
            AddRows(ref parameters, term.Gate);
            parameters.Add(Address(dSource));
            parameters.Add(dx.Shape[1]);
            parameters.Add(dx.Columns);
            bool isFast = dx.Columns % Float8.Count == 0 && Alignment16.Holds(dx, term.Gate, dSource);
            Launch(isFast ? ResidualTermBackwardKernel.Fast : ResidualTermBackwardKernel.Plain, new LaunchSize(dx.Rows), parameters.Packed);
        }
        else
        {
            parameters.Add(Address(term.Source));
            parameters.Add(Address(term.Gate));
            parameters.Add(term.Gate.RowStride);
            parameters.Add(Address(dSource));
            parameters.Add(Address(dGate));
            parameters.Add(dGate.RowStride);
            parameters.Add(dx.Shape[1]);
            parameters.Add(dx.Columns);
            LaunchSize grid = new(Blocks(dx.Columns, ColumnBlock.Columns), dx.Shape[0]);
            Launch(ResidualTermBackwardKernel.WithGates, grid, parameters.Packed);
        }
    }

    private void LaunchBranchRows(Tensor dx, ReadOnlySpan<ResidualTerm> branch, ReadOnlySpan<ResidualTermGradient> gradients, Tensor dScalar)
    {
        Span<SourceGradient> wanted = stackalloc SourceGradient[WeightedTerms.Max];
        wanted.Clear();
        bool isFast = dx.Columns % Float8.Count == 0 && Alignment16.Holds(dx, branch[0].Gate);
        for (int k = 0; k < branch.Length; k++)
        {
            (Tensor dSource, float slope) = gradients[k];
            wanted[k] = new SourceGradient(Address(dSource).Value, slope);
            isFast &= Alignment16.Holds(dSource, slope == 0 ? default : branch[k].Source);
        }

        KernelParameters parameters = new(stackalloc byte[512]);
        parameters.Add(Address(dx));
        parameters.AddStructure(ToWeightedTerms(branch));
        parameters.AddStructure(new SourceGradients(wanted));
        parameters.Add(Address(dScalar));
        parameters.Add(dx.Rows);
        parameters.Add(dx.Shape[1]);
        parameters.Add(dx.Columns);
        Launch(
            isFast ? ResidualBranchBackwardKernel.Fast : ResidualBranchBackwardKernel.Plain,
            new LaunchSize(Blocks(dx.Rows, ResidualBranchBackwardKernel.RowsPerBlock)),
            parameters.Packed);
    }
}
