using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ResidualTermBackwardTests
{
    // B, T, C: smallest; DiT-XL's width; awkward, with an incomplete chunk of tokens.
    private static readonly int[][] _shapes = [[1, 1, 1], [2, 32, 1152], [3, 71, 101]];

    // Smallest with more than one channel; primes; DiT-XL's width; more tokens than a block reads at a time, and rows than a block computes.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 2], [3, 7, 101], [2, 2, 1152], [2, 19, 40]];

    public static TheoryData<string, int[]> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int images, int tokens, int channels) = (shape[0], shape[1], shape[2]);
        float[] dx = Values(161, images * tokens), branch = Values(162, images * tokens), gate = Values(163, images);
        (double[] exact, double[] exactGate) = Reference.ResidualTermBackward<double>(dx, branch, gate, tokens, channels);
        (float[] naive, float[] naiveGate) = Reference.ResidualTermBackward<float>(dx, branch, gate, tokens, channels);
        Tensor onDx = bench.Put(dx, shape), onBranch = bench.Put(branch, shape);
        foreach (Tensor onGate in new[] { bench.Put(gate, images, channels), bench.PutMisaligned(gate, images, channels) })
        {
            Tensor dBranch = bench.Take(shape), both = bench.Take(shape);
            Tensor dGate = bench.PutMisaligned(new float[gate.Length], images, channels);
            bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, onGate), dBranch);
            Tolerance.TimesNaive(2).Check(bench.Get(dBranch), exact, bench.Round(naive));
            bench.Device.ResidualTermBackward(onDx, new ResidualTerm(onBranch, onGate), both, dGate);
            Assert.Equal(bench.Get(dBranch), bench.Get(both));
            Tolerance.TimesNaive(2).Check(bench.Get(dGate), exactGate, bench.Round(naiveGate));
            bench.Device.ResidualTermBackward(onBranch, new ResidualTerm(onBranch, onGate), both, dGate);
            Tolerance.TimesNaive(2).MustReject(bench.Get(both), exact, bench.Round(naive));
            Tolerance.TimesNaive(2).MustReject(bench.Get(dGate), exactGate, bench.Round(naiveGate));
        }

        // Planted faults: no gate; and the gradient that has already been gated.
        Tensor ungated = bench.Take(shape), gated = bench.Take(shape), wrong = bench.Take(images, 2 * channels).SliceColumns(channels, channels);
        ResidualTerm term = new(onBranch, bench.Put(gate, images, channels));
        bench.Device.ResidualTermBackward(onDx, term, gated, wrong);
        Tolerance.TimesNaive(2).Check(bench.Get(wrong), exactGate, bench.Round(naiveGate));
        bench.Device.ResidualTermBackward(gated, term, ungated, wrong);
        Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactGate, bench.Round(naiveGate));
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default), ungated);
        Assert.Equal(dx, bench.Get(ungated));
        Tolerance.TimesNaive(2).MustReject(bench.Get(ungated), exact, bench.Round(naive));

        // In place, and one row of gates for all images.
        float[] one = [.. Enumerable.Repeat(gate[..channels], images).SelectMany(row => row)];
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, bench.Put(gate[..channels], 1, channels)), onDx);
        bench.Device.ResidualTermBackward(bench.Put(dx, shape), new ResidualTerm(default, bench.Put(one, images, channels)), ungated);
        Assert.Equal(bench.Get(ungated), bench.Get(onDx));

        float[] Values(int seed, int rows) => bench.Round(RandomData.Normal(seed, rows * channels));
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void The_last_row_of_gates_serves_all_further_images(string device)
    {
        using Bench bench = Bench.Open(device);
        float[] gradient = RandomData.Normal(seed: 164, 4 * 3 * 5), gate = RandomData.Normal(seed: 165, 2 * 5);
        Tensor dBranch = bench.Take(4, 3, 5);
        bench.Device.ResidualTermBackward(bench.Put(gradient, 4, 3, 5), new(default, bench.Put(gate, 2, 5)), dBranch);
        Assert.Equal(Reference.ResidualTermBackward<float>(gradient, gradient, gate, 3, 5).DBranch, bench.Get(dBranch));
    }
}
