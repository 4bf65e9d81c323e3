namespace L2c.Kernels.Tests;

/// <content>Refusals of the ops that training adds.</content>
public sealed partial class RefusalTests
{
    private static void GradientsOfLinear(Bench bench, Bench other, Refused refused)
    {
        Device device = bench.Device;
        Tensor dy = bench.Take(2, 4), x = bench.Take(2, 3), dWeight = bench.Take(4, 3);
        Matrix weight = bench.PutMatrix(new float[12], 4, 3), transposed = bench.View(weight);
        refused("LinearWeightGradient: dy [2, 4] does not match x [1, 3]", () => device.LinearWeightGradient(dy, x.SliceRows(0, 1), dWeight));
        refused("LinearWeightGradient: dWeight [4, 3] does not match dy [2, 3]", () => device.LinearWeightGradient(x, x, dWeight));
        refused("LinearWeightGradient: tensor", () => device.LinearWeightGradient(dy, other.Take(2, 3), dWeight));
        refused("ColumnSums: sums [3] F32 must be F32", () => device.ColumnSums(dy, bench.Take(3)));
        refused("ColumnSums: tensor", () => device.ColumnSums(dy, other.Take(4)));
        refused("PackMatrix: values [2, 4] at row 0 do not match", () => device.PackMatrix(dy, weight));
        refused("PackMatrix: values [2, 3] at row 3 do not match", () => device.PackMatrix(x, weight, 3));
        refused("PackMatrix: values [2, 3] at row 0 do not match", () => device.PackMatrix(x, weight.SliceOutputs(0, 2)));
        refused("PackMatrix: values [4, 3] at row 0 do not match", () => device.PackMatrix(dWeight, transposed));
        refused("PackMatrix: weight [4, 3] is not on", () => device.PackMatrix(dWeight, other.PutMatrix(new float[12], 4, 3)));
        refused("PackTransposed: values [4, 3] do not match", () => device.PackTransposed(dWeight, weight));
        refused("PackTransposed: values [2, 3] do not match", () => device.PackTransposed(x, transposed));
        refused("WriteTransposed: 7 values at row 0 do not match", () => device.WriteTransposed(transposed, 0, new float[7]));
        refused("WriteTransposed: 6 values at row 3 do not match", () => device.WriteTransposed(transposed, 3, new float[6]));
        refused("WriteTransposed: 12 values at row 0 do not match", () => device.WriteTransposed(weight, 0, new float[12]));
        refused("WriteMatrix: 12 values at row 0 do not match", () => device.WriteMatrix(transposed, 0, new float[12]));
    }

    private static void AttentionBackward(Bench bench, Bench other, Refused refused)
    {
        Device device = bench.Device;
        Tensor qkv = bench.Take(1, 2, 12), y = bench.Take(1, 2, 4), longer = bench.Take(1, 3, 4);
        refused("AttentionBackward: 3 heads do not divide C of dy [1, 2, 4]", () => device.AttentionBackward(qkv, y, qkv, 3));
        refused("AttentionBackward: qkv [1, 2, 12] does not match dy [1, 3, 4]", () => device.AttentionBackward(qkv, longer, qkv, 1));
        refused("AttentionBackward: dQkv [1, 2, 4] does not match qkv [1, 2, 12]", () => device.AttentionBackward(qkv, y, y, 1));
        refused("AttentionBackward: tensor", () => device.AttentionBackward(qkv, other.Take(1, 2, 4), qkv, 1));
    }

    private static void ResidualTermBackward(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3, 4), other = bench.Take(2, 3, 5), gate = bench.Take(2, 4), one = bench.Take(1, 4), many = bench.Take(3, 4);
        refused("ResidualTermBackward: dx [2, 4] must be [B,T,C]", () => bench.Device.ResidualTermBackward(gate, new(x), gate));
        refused("ResidualTermBackward: dSource [2, 3, 5] does not match dx", () => bench.Device.ResidualTermBackward(x, new(x), other));
        refused("ResidualTermBackward: gate [3, 4] does not match dx", () => bench.Device.ResidualTermBackward(x, new(x, many), x));
        refused("ResidualTermBackward: dGate [1, 4] does not match dx", () => bench.Device.ResidualTermBackward(x, new(x, gate), x, one));
        refused("ResidualTermBackward: dGate [2, 4] does not match gate [1, 4]", () => bench.Device.ResidualTermBackward(x, new(x, one), x, gate));
        refused("ResidualTermBackward: source [2, 3, 5] does not match", () => bench.Device.ResidualTermBackward(x, new(other, gate), x, gate));
    }

    private static void GradientsOfBranches(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3, 4), y = bench.Take(2, 3, 4), gate = bench.Take(2, 4), rows = bench.Take(6);
        ResidualTerm[] two = [new(x, gate), new(x, Joins: true)];
        Refuse("2 terms, 1 gradients", two, [new(y)]);
        Refuse("0 terms, 0 gradients", [], []);
        Refuse("the first term has no branch to join", [new(x, Joins: true)], [new(y)]);
        Refuse("the terms are more than one branch", [new(x), new(x)], [new(y), new(y)]);
        Refuse("nothing is wanted", two, [default, default]);
        Refuse("slopes go with dScalar", two, [new(y, 1), default]);
        Refuse("slopes go with dScalar", two, [new(y), default], dScalar: rows);
        Refuse("slope Infinity is not finite", two, [new(y, float.PositiveInfinity), default], dScalar: rows);
        Refuse("dScalar [2, 4] F32 must be F32, a value per row of dx [2, 3, 4]", two, [new(y, 1), default], dScalar: gate);
        Refuse("dGate [2, 4] does not match gate []", [new(x, Weight: 2)], [new(y)], dGate: gate);
        Refuse("source [] does not match dx [2, 3, 4]", [new(default, gate)], [new(y)], dGate: gate);

        void Refuse(string rule, ResidualTerm[] branch, ResidualTermGradient[] gradients, Tensor dGate = default, Tensor dScalar = default) =>
            refused("ResidualTermBackward: " + rule, () => bench.Device.ResidualTermBackward(x, branch, gradients, dGate, dScalar));
    }

    private static void NormBackward(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3, 4), other = bench.Take(2, 3, 5), vector = bench.Take(2, 4), one = bench.Take(1, 4), many = bench.Take(3, 4);
        Norm norm = Norm.Modulated(vector, vector, 1e-6f);
        refused("NormBackward: there is no norm", () => bench.Device.NormBackward(x, Norm.None, x, default, x));
        refused("NormBackward: dy [2, 3, 5] does not match x [2, 3, 4]", () => bench.Device.NormBackward(x, norm, other, default, x));
        refused("NormBackward: dxIn [2, 3, 5] does not match x", () => bench.Device.NormBackward(x, norm, x, other, x));
        refused("NormBackward: dxOut [2, 3, 5] does not match x", () => bench.Device.NormBackward(x, norm, x, default, other));
        refused("NormBackward: dScale and dShift go together", () => bench.Device.NormBackward(x, norm, x, default, x, vector));
        refused("NormBackward: neither dxOut", () => bench.Device.NormBackward(x, norm, x, default, default));
        refused(
            "NormBackward: scale [3, 4] and shift [3, 4] do not match x",
            () => bench.Device.NormBackward(x, Norm.Modulated(many, many, 1e-6f), x, default, x));
        refused("NormBackward: dScale [1, 4] and dShift [1, 4] do not match", () => bench.Device.NormBackward(x, norm, x, default, x, one, one));
    }

    private static void Activate(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3), wide = bench.Take(2, 4);
        refused("Activate: x [2, 3] does not match y [2, 4]", () => bench.Device.Activate(x, wide, Activation.Silu));
        refused("ActivateBackward: x [2, 4] does not match dy [2, 3]", () => bench.Device.ActivateBackward(x, wide, x, Activation.Silu));
        refused("ActivateBackward: dx [2, 4] does not match dy [2, 3]", () => bench.Device.ActivateBackward(x, x, wide, Activation.Silu));
    }

    private static void Blend(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(1, 2, 3), other = bench.Take(1, 2, 4), weight = bench.Take(1), rows = bench.Take(2);
        refused("Blend: fresh [1, 2, 3], cached [1, 2, 4] and blended [1, 2, 3] disagree", () => bench.Device.Blend(x, other, weight, x));
        refused("Blend: weight [2] F32 must be [1] F32", () => bench.Device.Blend(x, x, rows, x));
        refused("BlendBackward: dFresh [1, 2, 4] does not match d [1, 2, 3]", () => bench.Device.BlendBackward(x, x, x, weight, other, rows));
        refused("BlendBackward: dWeight [1] F32 must be F32, a value per row", () => bench.Device.BlendBackward(x, x, x, weight, x, weight));
    }

    private static void ConditioningBackward(Bench bench, Refused refused)
    {
        Tensor d = bench.Take(2, 4), other = bench.Take(3, 4), table = bench.Take(5, 4), labels = bench.Put([0, 1]);
        Refuse("ConditioningBackward: labels [2] I32 must be [B] I32, one per row of dSilu [3, 4]", other, d, d, table);
        Refuse("ConditioningBackward: c [3, 4] and dTime [2, 4] do not match dSilu", d, other, d, table);
        Refuse("ConditioningBackward: dTable [5, 3] F32 does not match dSilu", d, d, d, bench.Take(5, 3));

        void Refuse(string start, Tensor dSilu, Tensor c, Tensor dTime, Tensor dTable) =>
            refused(start, () => bench.Device.ConditioningBackward(dSilu, c, labels, dTime, dTable));
    }

    private static void SquaredError(Bench bench, Refused refused)
    {
        Tensor a = bench.Take(2, 4), other = bench.Take(2, 5), sums = bench.Take(2);
        refused("SquaredError: a [2, 4], b [2, 5] and dA [2, 4] disagree", () => bench.Device.SquaredError(a, other, 4, 1, a, sums));
        refused("SquaredError: sums [2, 4] F32 must be F32, a value per image", () => bench.Device.SquaredError(a, a, 4, 1, a, a));
        Tensor slice = other.SliceColumns(0, 4);
        refused("SquaredError: a, b and dA must be F32, contiguous", () => bench.Device.SquaredError(a, slice, 4, 1, a, sums));
        refused("SquaredError: 5 elements of an image of a [2, 4] cannot be compared", () => bench.Device.SquaredError(a, a, 5, 1, a, sums));
        refused("SquaredError: 0 elements of an image of a [2, 4] cannot be compared", () => bench.Device.SquaredError(a, a, 0, 1, a, sums));
    }

    private static void HybridLoss(Bench bench, Refused refused)
    {
        Tensor output = bench.Take(2, 6, 2, 2), x0 = bench.Take(2, 3, 2, 2), small = bench.Take(2, 3, 2, 1), losses = bench.Take(2, 2);
        Tensor table = bench.Take(2, (int)HybridLossColumn.Count);
        Refuse("HybridLoss: output [2, 2] and x0 [2, 3, 2, 2] must be", losses, x0, x0, table, losses);
        Refuse("HybridLoss: noise [2, 3, 2, 2], xt [2, 3, 2, 1] and dOutput", output, x0, small, table, losses);
        Refuse("HybridLoss: output [2, 3, 2, 2] does not match x0", x0, x0, x0, table, losses);
        Refuse("HybridLoss: table [2, 2] F32 must be [B,8]", output, x0, x0, losses, losses);
        Refuse("HybridLoss: losses [2, 8] F32 must be [B,2]", output, x0, x0, table, table);

        void Refuse(string start, Tensor output, Tensor x0, Tensor xt, Tensor table, Tensor losses) =>
            refused(start, () => bench.Device.HybridLoss(output, x0, x0, xt, table, output, losses));
    }

    private static void AdamW(Bench bench, Refused refused)
    {
        Tensor w = bench.Take(4), other = bench.Take(5), coefficients = bench.Take((int)AdamWCoefficient.Count);
        refused("AdamW: [5] does not match weights [4]", () => bench.Device.AdamW(w, other, w, w, w, coefficients));
        refused("AdamW: [5] does not match weights [4]", () => bench.Device.AdamW(w, w, w, w, other, coefficients));
        refused("AdamW: coefficients [5] F32 must be [9] F32", () => bench.Device.AdamW(w, w, w, w, default, other));
    }

    private static void ClipNorm(Bench bench, Refused refused)
    {
        Tensor g = bench.Take(4), one = bench.Take(1), columns = bench.Take(2, 4).SliceColumns(0, 2);
        refused("ClipNorm: a norm of at most 0 leaves nothing", () => bench.Device.ClipNorm(g, 0, one, one));
        refused("ClipNorm: a norm of at most NaN", () => bench.Device.ClipNorm(g, float.NaN, one, one));
        refused("ClipNorm: gradients [2, 2] F32 must be F32, contiguous", () => bench.Device.ClipNorm(columns, 1, one, one));
        refused("ClipNorm: norm and scale are one F32 value each, not [4] F32", () => bench.Device.ClipNorm(g, 1, one, g));
    }

    private static void MatricesOnCuda(Bench bench, Bench other, Refused refused)
    {
        Matrix weight = bench.PutMatrix(new float[12], 4, 3), view = bench.View(weight), foreign = other.PutMatrix(new float[12], 4, 3);
        Tensor values = bench.PutState(new float[12], 4, 3), x = bench.Put(new float[8], 2, 4);
        refused(
            "WriteTransposed: 3 values at row 4 do not match transposed weight [3, 4]", () => bench.Device.WriteTransposed(view, 4, new float[3]));
        refused("WriteTransposed: 12 values at row 0", () => bench.Device.WriteTransposed(weight, 0, new float[12]));
        refused("WriteMatrix: 12 values at row 0", () => bench.Device.WriteMatrix(view, 0, new float[12]));
        refused("PackMatrix: weight [4, 3] is not on", () => bench.Device.PackMatrix(values, foreign));
        refused("PackTransposed: weight [3, 4] is not on", () => bench.Device.PackTransposed(values, other.View(foreign)));
        refused(
            "LinearWeightGradient: tensor [2, 4] is F32, expected BF16",
            () => bench.Device.LinearWeightGradient(bench.PutState(new float[8], 2, 4), x, bench.TakeState(4, 4)));
    }
}
