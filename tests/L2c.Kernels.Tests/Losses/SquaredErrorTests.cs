using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class SquaredErrorTests
{
    // Smallest; DiT's output at 256 pixels; awkward.
    private static readonly int[][] _shapes = [[1, 1], [4, 8, 32, 32], [3, 5, 7, 3]];

    public static TheoryData<string, int[], bool> Cases =>
    [
        .. DeviceCases.Of(DeviceCases.Cpu, _shapes, [false, true]),
        .. DeviceCases.Of<int[], bool>(DeviceCases.Stored, [[1, 1], [2, 1024], [3, 317]], [false, true]),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradient_and_sums_are_as_accurate_as_naive_fp32(string device, int[] shape, bool half)
    {
        using Bench bench = Bench.Open(device);
        int count = shape.Aggregate(1, (product, extent) => product * extent);
        float[] student = RandomData.Normal(seed: 181, count), teacher = RandomData.Normal(seed: 182, count);
        int image = count / shape[0], counted = half ? (image + 1) / 2 : image;
        float scale = 2f / count;
        (double[] exact, double[] exactSums) = Reference.SquaredError<double>(student, teacher, counted, scale, shape[0]);
        (float[] naive, float[] naiveSums) = Reference.SquaredError<float>(student, teacher, counted, scale, shape[0]);
        Tensor a = bench.PutState(student, shape), b = bench.PutState(teacher, shape), dA = bench.TakeState(shape), sums = bench.TakeState(shape[0]);
        bench.Device.SquaredError(a, b, counted, scale, dA, sums);
        Tolerance.TimesNaive(2).Check(bench.Get(dA), exact, naive);
        Tolerance.TimesNaive(2).Check(bench.Get(sums), exactSums, naiveSums);

        // Planted faults: the last value that is compared; the sign; the teacher left out.
        float[] faulty = [.. teacher];
        faulty[count - image + counted - 1] += 1;
        bench.Device.SquaredError(a, bench.PutState(faulty, shape), counted, scale, dA, sums);
        Tolerance.TimesNaive(2).MustReject(bench.Get(sums), exactSums, naiveSums);
        bench.Device.SquaredError(b, a, counted, scale, b, sums);
        Tolerance.TimesNaive(2).MustReject(bench.Get(b), exact, naive);
        Tolerance.TimesNaive(2).Check(bench.Get(sums), exactSums, naiveSums);
        bench.Device.SquaredError(a, bench.PutState(new float[count], shape), counted, scale, a, sums);
        Tolerance.TimesNaive(2).MustReject(bench.Get(sums), exactSums, naiveSums);
    }
}
