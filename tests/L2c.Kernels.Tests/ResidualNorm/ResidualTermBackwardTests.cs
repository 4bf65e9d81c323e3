using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ResidualTermBackwardTests
{
    // B, T, C: smallest; DiT-XL's width; awkward, with an incomplete chunk of tokens.
    private static readonly int[][] _shapes = [[1, 1, 1], [2, 32, 1152], [3, 71, 101]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        int count = shape[0] * shape[1] * shape[2];
        float[] gradient = RandomData.Normal(seed: 161, count), branch = RandomData.Normal(seed: 162, count);
        float[] gate = RandomData.Normal(seed: 163, shape[0] * shape[2]);
        (double[] exact, double[] exactGate) = Reference.ResidualTermBackward<double>(gradient, branch, gate, shape[1], shape[2]);
        (float[] naive, float[] naiveGate) = Reference.ResidualTermBackward<float>(gradient, branch, gate, shape[1], shape[2]);
        Tensor dx = bench.Put(gradient, shape), dBranch = bench.Take(shape);
        Tensor dGate = bench.Take(shape[0], 2 * shape[2]).SliceColumns(shape[2], shape[2]);
        ResidualTerm term = new(bench.Put(branch, shape), bench.Put(gate, shape[0], shape[2]));
        bench.Device.ResidualTermBackward(dx, term, dBranch, dGate);
        Tolerance.TimesNaive(2).Check(bench.Get(dBranch), exact, naive);
        Tolerance.TimesNaive(2).Check(bench.Get(dGate), exactGate, naiveGate);

        // With frozen weights, without a branch, in place: the same.
        bench.Device.ResidualTermBackward(dx, term with { Source = default }, dx);
        Assert.Equal(bench.Get(dBranch), bench.Get(dx));

        // Planted faults: no gate; and the gradient that has already been gated.
        Tensor wrong = bench.Take(shape[0], shape[2]);
        bench.Device.ResidualTermBackward(dx, term, dBranch, wrong);
        Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactGate, naiveGate);
        bench.Device.ResidualTermBackward(bench.Put(gradient, shape), new(default), dBranch);
        Assert.Equal(gradient, bench.Get(dBranch));
        Tolerance.TimesNaive(2).MustReject(bench.Get(dBranch), exact, naive);
    }

    [Fact]
    public void The_last_row_of_gates_serves_all_further_images()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        float[] gradient = RandomData.Normal(seed: 164, 4 * 3 * 5), gate = RandomData.Normal(seed: 165, 2 * 5);
        Tensor dBranch = bench.Take(4, 3, 5);
        bench.Device.ResidualTermBackward(bench.Put(gradient, 4, 3, 5), new(default, bench.Put(gate, 2, 5)), dBranch);
        Assert.Equal(Reference.ResidualTermBackward<float>(gradient, gradient, gate, 3, 5).DBranch, bench.Get(dBranch));
    }
}
