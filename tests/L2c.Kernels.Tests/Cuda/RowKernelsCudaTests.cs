using L2c.Emulation;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Conditioning and the gathers, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class RowKernelsCudaTests
{
    // Evaluations, labels, C: smallest; DiT-XL's width; primes.
    public static MatrixTheoryData<CudaPrecision, int[]> Conditionings => new(CudaWorkbench.Precisions, [[1, 1, 1], [2, 2, 1152], [5, 3, 101]]);

    // Rows of the source, rows gathered, C: smallest; DiT-XL's width; primes.
    public static MatrixTheoryData<CudaPrecision, int[]> Gathers => new(CudaWorkbench.Precisions, [[1, 1, 1], [5, 9, 1152], [7, 19, 101]]);

    // N, guidance factor, C, H, W, P: smallest; DiT/2, smaller; awkward.
    public static MatrixTheoryData<CudaPrecision, int[]> Images =>
        new(CudaWorkbench.Precisions, [[1, 1, 1, 1, 1, 1], [2, 2, 4, 16, 16, 2], [3, 2, 5, 9, 15, 3]]);

    [Theory]
    [MemberData(nameof(Conditionings))]
    public void Conditioning_is_as_accurate_as_naive_arithmetic_in_the_same_storage(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        (int evaluations, int images, int channels) = (shape[0], shape[1], shape[2]);
        const int Classes = 11;
        int rows = evaluations * images;
        float[] time = bench.Round(RandomData.Normal(seed: 101, evaluations * channels));
        float[] table = bench.Round(RandomData.Normal(seed: 102, Classes * channels));
        int[] labels = RandomData.Integers(seed: 103, images, Classes);
        double[] exact = Array.ConvertAll(Reference.Conditioning<double>(time, table, labels, rows, channels), Reference.Silu);
        float[] sum = Reference.Conditioning<float>(time, table, labels, rows, channels), naive = bench.Round(Array.ConvertAll(sum, Reference.Silu));
        Tensor c = bench.Take(rows, channels), silu = bench.Take(rows, channels), alone = bench.Take(rows, channels);
        Tensor onTime = bench.Put(time, evaluations, channels), onTable = bench.Put(table, Classes, channels), onLabels = bench.Put(labels);
        bench.Device.Conditioning(onTime, onTable, onLabels, c, silu);
        bench.Device.Conditioning(onTime, onTable, onLabels, default, alone);
        Assert.Equal(bench.Round(sum), bench.Get(c)); // one addition, one rounding: nothing to differ in
        Tolerance.TimesNaive(2).Check(bench.Get(silu), exact, naive);
        Assert.Equal(bench.Get(silu), bench.Get(alone));

        bench.Device.Upload(onLabels, Array.ConvertAll(labels, label => (label + 1) % Classes));
        bench.Device.Conditioning(onTime, onTable, onLabels, c, silu);
        Tolerance.TimesNaive(2).MustReject(bench.Get(silu), exact, naive);
    }

    [Theory]
    [MemberData(nameof(Gathers))]
    public void Rows_are_copied_as_they_are(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
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

    [Fact]
    public void Gathering_follows_row_strides_and_leaves_the_rest_alone()
    {
        using CudaWorkbench bench = new(CudaPrecision.BF16);
        Tensor source = bench.Put([1, 2, 3, 4, 5, 6], 2, 3), destination = bench.Put([0, 0, 0, 0, 0, 0], 2, 3);
        bench.Device.GatherRows(source.SliceColumns(1, 2), bench.Put([1, 0]), destination.SliceColumns(0, 2));
        Assert.Equal([5, 6, 0, 2, 3, 0], bench.Get(destination));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void A_row_outside_the_source_and_a_label_outside_the_table_stop_the_device(int index)
    {
        Assert.SkipWhen(CudaUnderTest.IsReal, "a trap ends the process's context, and with it every other test");
        foreach (Action<CudaWorkbench, Tensor> op in new Action<CudaWorkbench, Tensor>[]
        {
            (bench, index) => bench.Device.GatherRows(bench.Put(new float[24], 3, 8), index, bench.Take(1, 8)),
            (bench, index) => bench.Device.GatherRows(bench.Put(new float[9], 3, 3), index, bench.Take(1, 3)),
            (bench, index) =>
                bench.Device.Conditioning(bench.Put(new float[8], 1, 8), bench.Put(new float[24], 3, 8), index, default, bench.Take(1, 8)),
        })
        {
            using CudaWorkbench bench = new(CudaPrecision.F16);
            Tensor onIndex = bench.Put([index]);
            DeviceFault fault = Assert.Throws<DeviceFault>(() =>
            {
                op(bench, onIndex);
                bench.Device.Synchronize();
            });
            Assert.Contains("trap", fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Both_gathers_of_patches_only_round(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        (int images, int repeats, int channels, int height, int width, int patch) = (shape[0], shape[1], shape[2], shape[3], shape[4], shape[5]);
        int batch = images * repeats, tokens = height / patch * (width / patch), size = channels * patch * patch;
        float[] image = RandomData.Normal(seed: 91, images * channels * height * width);
        Tensor patches = bench.Take(batch, tokens, size);
        bench.Device.Patchify(bench.PutState(image, images, channels, height, width), patches, patch);
        Assert.Equal(bench.Round(Reference.Patchify(image, batch, channels, height, width, patch)), bench.Get(patches));

        float[] values = bench.Round(RandomData.Normal(seed: 92, batch * tokens * size));
        Tensor back = bench.TakeState(batch, channels, height, width);
        bench.Device.Unpatchify(bench.Put(values, batch, tokens, size), back, patch);
        float[] expected = Reference.Unpatchify(values, batch, channels, height, width, patch);
        Assert.Equal(expected, bench.Get(back));
        if (size > 1)
        {
            // Planted fault: patches in (c, p, q) order, as Patchify makes them.
            bench.Device.Unpatchify(bench.Put(Reference.Patchify(expected, batch, channels, height, width, patch), batch, tokens, size), back, patch);
            Assert.NotEqual(expected, bench.Get(back));
        }
    }
}
