using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Gradients of branches that are weighted sums.</summary>
public sealed class ResidualBranchBackwardTests
{
    // B, T, C: smallest; DiT-XL's width; awkward, with an incomplete chunk of tokens.
    private static readonly int[][] _shapes = [[1, 1, 1], [2, 32, 1152], [3, 71, 101]];

    // Smallest; primes; DiT-XL's width; more tokens than a block reads at a time, and rows than a block computes.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 1], [3, 7, 101], [2, 2, 1152], [2, 19, 40]];

    public static TheoryData<string, int[], int> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes, [1, 2, 6]), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda, [1, 2, 6])];

    public static MatrixTheoryData<string, int[]> Shapes => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape, int terms)
    {
        using Bench bench = Bench.Open(device);
        ResidualBranchGradientCase data = new(shape, terms, bench.Round);
        (double[][] exact, double[] exactGate, double[] exactScalar) = data.Backward<double>();
        (float[][] naive, float[] naiveGate, float[] naiveScalar) = data.Backward<float>();
        Tensor dx = bench.Put(data.Dx, shape);
        foreach (bool aligned in new[] { true, false })
        {
            ResidualTerm[] branch = data.Put(
                values => bench.Put(values, shape),
                values => aligned ? bench.Put(values, shape[0], shape[2]) : bench.PutMisaligned(values, shape[0], shape[2]),
                value => bench.PutState([value], 1));
            ResidualTermGradient[] gradients = Array.ConvertAll(data.Slopes, slope => new ResidualTermGradient(bench.Take(shape), slope));
            Tensor dGate = bench.PutMisaligned(new float[shape[0] * shape[2]], shape[0], shape[2]), dScalar = bench.TakeState(shape[0] * shape[1]);
            bench.Device.ResidualTermBackward(dx, branch, gradients, dGate, dScalar);
            for (int k = 0; k < terms; k++)
            {
                Tolerance.TimesNaive(2).Check(bench.Get(gradients[k].DSource), exact[k], bench.Round(naive[k]));
            }

            Tolerance.TimesNaive(2).Check(bench.Get(dGate), exactGate, bench.Round(naiveGate));
            Tolerance.TimesNaive(2).Check(bench.Get(dScalar), exactScalar, naiveScalar);

            // Each alone, in place, and without sources where they are not read: the same bits.
            Tensor alone = bench.Take(shape[0], shape[2]), shares = bench.TakeState(shape[0] * shape[1]);
            bench.Device.ResidualTermBackward(dx, branch, Array.ConvertAll(gradients, gradient => default(ResidualTermGradient)), alone);
            Assert.Equal(bench.Get(dGate), bench.Get(alone));
            bench.Device.ResidualTermBackward(
                dx, branch, Array.ConvertAll(gradients, gradient => gradient with { DSource = default }), default, shares);
            Assert.Equal(bench.Get(dScalar), bench.Get(shares));
            Tensor inPlace = bench.Put(data.Dx, shape);
            ResidualTerm[] withoutSources = Array.ConvertAll(branch, term => term with { Source = default });
            bench.Device.ResidualTermBackward(inPlace, withoutSources, [.. new ResidualTermGradient[terms - 1], new(inPlace)]);
            Assert.Equal(bench.Get(gradients[^1].DSource), bench.Get(inPlace));

            // Planted faults: weights forgotten, slopes of another sign.
            bench.Device.ResidualTermBackward(dx, Array.ConvertAll(branch, term => term with { Weight = 1 }), gradients, dGate, dScalar);
            Tolerance.TimesNaive(2).MustReject(bench.Get(gradients[0].DSource), exact[0], bench.Round(naive[0]));
            Tolerance.TimesNaive(2).MustReject(bench.Get(dGate), exactGate, bench.Round(naiveGate));
            ResidualTermGradient[] positive = Array.ConvertAll(gradients, gradient => gradient with { Slope = Math.Abs(gradient.Slope) });
            bench.Device.ResidualTermBackward(dx, branch, positive, default, dScalar);
            Tolerance.TimesNaive(2).MustReject(bench.Get(dScalar), exactScalar, naiveScalar);
        }
    }

    /// <summary>A router's student: what took a gated addition's gradient and then a blend's.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_student_has_the_bits_of_a_blend_behind_a_gate(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        int count = shape[0] * shape[1] * shape[2];
        Tensor dx = bench.Put(RandomData.Normal(seed: 96, count), shape), gate = bench.Put(RandomData.Normal(seed: 97, shape[0] * shape[2]), shape[0], shape[2]);
        Tensor fresh = bench.Put(RandomData.Normal(seed: 98, count), shape), kept = bench.Put(RandomData.Normal(seed: 99, count), shape);
        Tensor w = bench.Put([0.3f], 1), rest = bench.Put([1 - 0.3f], 1), blended = bench.Take(shape), d = bench.Take(shape), dFresh = bench.Take(shape);
        Tensor dGate = bench.Take(shape[0], shape[2]), otherGate = bench.Take(shape[0], shape[2]), rows = bench.Take(shape[0] * shape[1]);
        Tensor otherRows = bench.Take(shape[0] * shape[1]), otherFresh = bench.Take(shape);
        bench.Device.Blend(fresh, kept, w, blended);
        bench.Device.ResidualTermBackward(dx, new ResidualTerm(blended, gate), d, dGate);
        bench.Device.BlendBackward(d, fresh, kept, w, dFresh, rows);
        bench.Device.ResidualTermBackward(
            dx, [new(kept, gate, Scalar: rest), new(fresh, gate, Scalar: w, Joins: true)], [new(Slope: -1), new(otherFresh, 1)], otherGate, otherRows);
        Assert.Equal(bench.Get(dFresh), bench.Get(otherFresh));
        Assert.Equal(bench.Get(dGate), bench.Get(otherGate));
        Assert.Equal(bench.Get(rows), bench.Get(otherRows));
    }

    [Fact]
    public void Bytes_count_what_is_read_and_written()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor x = bench.Take(2, 3, 4), gate = bench.Take(2, 4), rows = bench.Take(6);
        ResidualTerm[] branch = [new(x, gate, Weight: 2), new(x, gate, Joins: true)];
        IReadOnlyList<OpInfo> ops = bench.Device.List(() =>
        {
            bench.Device.ResidualTermBackward(x, branch, [default, new(x)]);
            bench.Device.ResidualTermBackward(x, branch, [new(Slope: 1), new(x)], default, rows);
            bench.Device.ResidualTermBackward(x, branch, [new(x), new(x)], gate);
        });
        Assert.Equal([2 * 96, (4 * 96) + 24, 5 * 96], ops.Select(op => op.Bytes));
    }
}
