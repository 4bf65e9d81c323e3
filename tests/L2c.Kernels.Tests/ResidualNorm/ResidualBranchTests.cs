using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Branches of the residual stream that are weighted sums.</summary>
public sealed class ResidualBranchTests
{
    // B, T, C: smallest; DiT-XL's width with fewer tokens; primes; more tokens than rows that are added at a time.
    private static readonly int[][] _shapes = [[1, 1, 2], [2, 16, 1152], [3, 7, 101], [2, 131, 24]];

    // Terms of each branch: a forecast; the largest; several, of which some are plain; passes of 4, 1 + 3, 5 and 2 + 1 + 1.
    private static readonly int[][] _branches = [[2], [6], [1, 3, 1], [4, 1, 3, 5, 2, 1, 1]];

    // Plain level: smallest that has a variance; primes. Fast level: one lane of the second chunk; DiT-XL's width; more rows than a block.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 2], [3, 7, 101], [3, 1, 264], [2, 2, 1152], [1, 5, 384]];

    // What one launch adds.
    private static readonly int[][] _branchesOfCuda = [[2], [6], [1, 3, 1]];

    public static TheoryData<string, int[], int[]> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes, _branches), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda, _branchesOfCuda)];

    public static TheoryData<string, int[]> AllShapes =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    public static MatrixTheoryData<string, int[]> Shapes => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weighted_branches_are_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape, int[] branches)
    {
        using Bench bench = Bench.Open(device);
        ResidualBranchCase data = new(shape, branches, bench.Round);
        ResidualTerm[] terms = data.Put(bench);
        data.CheckAccuracy(bench, terms);

        Tensor x = bench.Put(data.X, shape), faulty = bench.Take(shape);
        foreach (ResidualTerm[] fault in ResidualBranchCase.Faults(terms))
        {
            bench.Device.ResidualNorm(x, fault, faulty, Norm.None, default);
            Tolerance.TimesNaive(2).MustReject(bench.Get(faulty), data.Sum<double>(), bench.Round(data.Sum<float>()));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Weights_that_cancel_are_summed_before_they_meet_the_stream(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        float[] source = RandomData.Normal(seed: 91, shape[0] * shape[1] * shape[2]);
        Tensor x = bench.Put(Array.ConvertAll(source, _ => 0.1f), shape), y = bench.Take(shape);
        Tensor kept = bench.Put(Array.ConvertAll(source, value => 1e8f * value), shape);
        bench.Device.ResidualNorm(x, [new(kept, Weight: 2), new(kept, Weight: -2, Joins: true)], y, Norm.None, default);
        Assert.All(bench.Get(y), value => Assert.Equal(0.1f, value));

        bench.Device.ResidualNorm(x, [new(kept, Weight: 2), new(kept, Weight: -2)], y, Norm.None, default);
        Assert.Contains(bench.Get(y), value => value != 0.1f);
    }

    [Theory]
    [MemberData(nameof(AllShapes))]
    public void A_term_without_factors_has_the_same_bits_beside_weighted_ones(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        ResidualBranchCase data = new(shape, [1, 1, 1], bench.Round);
        ResidualTerm[] plain = data.Put(bench);
        Tensor x = bench.Put(data.X, shape), expected = bench.Take(shape), sum = bench.Take(shape);
        bench.Device.ResidualNorm(x, plain, expected, Norm.None, default);
        bench.Device.ResidualNorm(x, [.. plain, new(plain[0].Source, plain[0].Gate, Weight: 0)], sum, Norm.None, default);
        Assert.Equal(bench.Get(expected), bench.Get(sum));
    }

    /// <summary>A router's student: kept times 1 - w, then fresh times w, both read from the device.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_student_is_the_blend_bit_for_bit_and_reads_its_weights_at_replay(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        int count = shape[0] * shape[1] * shape[2];
        Tensor x = bench.Put(RandomData.Normal(seed: 92, count), shape), gate = bench.Put(RandomData.Normal(seed: 93, shape[0] * shape[2]), shape[0], shape[2]);
        Tensor fresh = bench.Put(RandomData.Normal(seed: 94, count), shape), kept = bench.Put(RandomData.Normal(seed: 95, count), shape);
        Tensor w = bench.Take(1), rest = bench.Take(1), blended = bench.Take(shape), expected = bench.Take(shape), sum = bench.Take(shape);
        using OpSequence student = bench.Device.Capture(() => bench.Device.ResidualNorm(
            x, [new(kept, gate, Scalar: rest), new(fresh, gate, Scalar: w, Joins: true)], sum, Norm.None, default));
        foreach (float weight in (float[])[0.3f, 0, 1, 0.9f])
        {
            bench.Device.Upload(w, [weight]);
            bench.Device.Upload(rest, [1 - weight]);
            bench.Device.Blend(fresh, kept, w, blended);
            bench.Device.ResidualNorm(x, [new(blended, gate)], expected, Norm.None, default);
            student.Run();
            Assert.Equal(bench.Get(expected), bench.Get(sum));
        }
    }

    [Fact]
    public void Every_source_counts_in_the_bytes()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor x = bench.Take(2, 3, 4), kept = bench.Take(2, 3, 4);
        IReadOnlyList<OpInfo> ops = bench.Device.List(() =>
        {
            bench.Device.ResidualNorm(x, [new(x)], x, Norm.None, default);
            bench.Device.ResidualNorm(x, [new(x, Weight: 2), new(kept, Weight: -1, Joins: true)], x, Norm.None, default);
        });
        Assert.Equal([3 * 24 * sizeof(float), 4 * 24 * sizeof(float)], ops.Select(op => op.Bytes));
    }
}
