using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class GatherRowsTests
{
    // Rows of the source, rows gathered, C: smallest; DiT-XL's width; primes. Fewer rows on CUDA.
    public static TheoryData<string, int[]> Cases =>
    [
        .. DeviceCases.Of<int[]>([nameof(InstructionSet.Portable)], [[1, 1, 1], [20, 33, 1152], [7, 97, 101]]),
        .. DeviceCases.Of<int[]>(DeviceCases.Stored, [[1, 1, 1], [5, 9, 1152], [7, 19, 101]]),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_are_copied_as_they_are(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        (int sourceRows, int rows, int channels) = (shape[0], shape[1], shape[2]);
        float[] source = bench.Round(RandomData.Normal(seed: 71, sourceRows * channels));
        int[] indices = RandomData.Integers(seed: 72, rows, sourceRows);
        float[] expected = [.. indices.SelectMany(i => source[(i * channels)..((i + 1) * channels)])];
        Tensor destination = bench.Take(rows, channels), again = bench.Take(rows, channels), onIndices = bench.Put(indices);
        bench.Device.GatherRows(bench.Put(source, sourceRows, channels), onIndices, destination);
        Assert.Equal(expected, bench.Get(destination));
        bench.Device.GatherRows(bench.PutMisaligned(source, sourceRows, channels), onIndices, again);
        Assert.Equal(expected, bench.Get(again));

        if (sourceRows > 1)
        {
            bench.Device.Upload(onIndices, Array.ConvertAll(indices, i => (i + 1) % sourceRows));
            bench.Device.GatherRows(bench.Put(source, sourceRows, channels), onIndices, destination);
            Assert.NotEqual(expected, bench.Get(destination));
        }
    }

    public static TheoryData<string> Strided => [.. DeviceCases.Of(nameof(InstructionSet.Portable), nameof(CudaPrecision.BF16))];

    [Theory]
    [MemberData(nameof(Strided))]
    public void Row_strides_are_followed_on_both_sides_and_the_rest_left_alone(string device)
    {
        using Bench bench = Bench.Open(device);
        Tensor source = bench.Put([1, 2, 3, 4, 5, 6], 2, 3), destination = bench.Put([0, 0, 0, 0, 0, 0], 2, 3);
        bench.Device.GatherRows(source.SliceColumns(1, 2), bench.Put([1, 0]), destination.SliceColumns(0, 2));
        Assert.Equal([5, 6, 0, 2, 3, 0], bench.Get(destination));
    }

    [Fact]
    public void A_row_outside_the_source_is_refused()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor source = bench.Take(2, 4), destination = bench.Take(3, 4), rows = bench.Put([0, 1, 2]);
        string message = Assert.Throws<InvalidOperationException>(() => bench.Device.GatherRows(source, rows, destination)).Message;
        Assert.Contains("row 2 is outside the source [2, 4]", message, StringComparison.Ordinal);
    }
}
