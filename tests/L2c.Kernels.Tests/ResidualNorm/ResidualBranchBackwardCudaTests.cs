using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Gradients of branches that are weighted sums, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ResidualBranchBackwardCudaTests
{
    // B, T, C. Smallest; primes; DiT-XL's width; more tokens than a block reads at a time, and rows than a block computes.
    private static readonly int[][] _shapes = [[1, 1, 1], [3, 7, 101], [2, 2, 1152], [2, 19, 40]];

    public static MatrixTheoryData<CudaPrecision, int[], int> Cases => new(CudaWorkbench.Precisions, _shapes, [1, 2, 6]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(CudaPrecision precision, int[] shape, int terms)
    {
        using CudaWorkbench bench = new(precision);
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

            // Without sources where they are not read, in place: the same bits.
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

    [Fact]
    public void The_last_row_of_gates_serves_the_images_beyond_it_and_one_gate_is_none()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        float[] dx = RandomData.Normal(seed: 191, 3 * 2 * 16), gate = RandomData.Normal(seed: 192, 2 * 16);
        Tensor onDx = bench.Put(dx, 3, 2, 16), few = bench.Take(3, 2, 16), all = bench.Take(3, 2, 16);
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, bench.Put(gate, 2, 16), Weight: 2), few);
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, bench.Put([.. gate, .. gate[16..]], 3, 16), Weight: 2), all);
        Assert.Equal(bench.Get(all), bench.Get(few));
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, Weight: 2), all);
        Assert.Equal(Array.ConvertAll(dx, value => 2 * value), bench.Get(all));
    }

    [Fact]
    public void Bytes_count_what_each_launch_reads_and_writes()
    {
        using CudaWorkbench bench = new(CudaPrecision.BF16);
        Tensor x = bench.Take(2, 3, 4), gate = bench.Take(2, 4), rows = bench.TakeState(6);
        ResidualTerm[] branch = [new(x, gate, Weight: 2), new(x, gate, Joins: true)];
        IReadOnlyList<OpInfo> ops = bench.Device.List(() =>
        {
            bench.Device.ResidualTermBackward(x, branch, [default, new(x)]);
            bench.Device.ResidualTermBackward(x, branch, [new(Slope: 1), new(x)], default, rows);
            bench.Device.ResidualTermBackward(x, branch, [new(x), new(x)], gate);
        });
        Assert.Equal([2 * 48, (3 * 48) + 24, (3 + 3) * 48], ops.Select(op => op.Bytes));
    }
}
