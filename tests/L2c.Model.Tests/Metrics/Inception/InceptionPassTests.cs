using L2c.Kernels;
using L2c.Model.Metrics.Inception;
using L2c.Model.Randomness;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Metrics.Inception;

public sealed class InceptionPassTests : IDisposable
{
    private static readonly float[] _images = RandomData.Normal(3, 3 * InceptionPass.ImageLength, 0.5);

    private readonly CpuDevice _device = new();
    private readonly InceptionNetwork _network;

    public InceptionPassTests() => _network = InceptionNetwork.Load(_device, Read);

    public void Dispose()
    {
        _network.Dispose();
        _device.Dispose();
    }

    [Fact]
    public void An_image_has_the_same_features_alone_in_a_batch_and_beside_others()
    {
        float[] together = Features(3, InceptionFeatures.All, _images);
        float[] partly = Features(3, InceptionFeatures.All, _images.AsSpan(0, 2 * InceptionPass.ImageLength));
        Assert.Equal(together[..partly.Length], partly);
        int length = InceptionFeatures.All.Length();
        Assert.Equal(together[(2 * length)..], Features(1, InceptionFeatures.All, _images.AsSpan(2 * InceptionPass.ImageLength)));
        Assert.NotEqual(together[..length], together[length..(2 * length)]);
    }

    [Fact]
    public void What_is_not_wanted_is_not_computed_and_changes_nothing()
    {
        ReadOnlySpan<float> one = _images.AsSpan(0, InceptionPass.ImageLength);
        float[] all = Features(1, InceptionFeatures.All, one);
        foreach (InceptionFeatures part in (InceptionFeatures[])[InceptionFeatures.Pool, InceptionFeatures.Spatial, InceptionFeatures.Logits])
        {
            Assert.Equal(all[InceptionFeatures.All.RangeOf(part)], Features(1, part, one));
        }

        Assert.Equal(110, Ops(InceptionFeatures.All));
        Assert.Equal(108, Ops(InceptionFeatures.Pool));
        Assert.Equal(109, Ops(InceptionFeatures.Pool | InceptionFeatures.Spatial));

        // The stem's 7, 3 blocks A of 8, block B of 5, 2 blocks C of 11, one branch, and the copy of what is read of it.
        Assert.Equal(60, Ops(InceptionFeatures.Spatial));
        Assert.True(InceptionPass.Bytes(_device, 1, InceptionFeatures.Pool) < 12 << 20, "images do not share memory");
    }

    [Fact]
    public void Groups_in_which_a_batch_goes_through_the_stem_change_memory_alone()
    {
        (float[] together, int ops, long bytes) = Run(group: 3);
        (float[] pairs, int pairsOps, long pairsBytes) = Run(group: 2);
        (float[] singles, int singlesOps, long singlesBytes) = Run(group: 1);
        Assert.Equal(together, pairs);
        Assert.Equal(together, singles);

        // The stem's 7 steps once more for each group.
        Assert.Equal((ops + 7, ops + 14), (pairsOps, singlesOps));
        Assert.True(singlesBytes < pairsBytes && pairsBytes < bytes, $"bytes {singlesBytes}, {pairsBytes}, {bytes} for groups of 1, 2 and 3");

        // A batch that is not full, whose second group has no image.
        Assert.Equal(together[..(2 * InceptionFeatures.All.Length())], Run(group: 2, images: 2).Rows);

        (float[] Rows, int Ops, long Bytes) Run(int group, int images = 3)
        {
            long before = _device.AllocatedBytes;
            using InceptionPass pass = new(_network, 3, InceptionFeatures.All, group);
            float[] rows = new float[images * InceptionFeatures.All.Length()];
            for (int turn = 0; turn < 2; turn++)
            {
                // The second turn finds what the first has left in the memory.
                rows.AsSpan().Clear();
                pass.Start(_images.AsSpan(0, images * InceptionPass.ImageLength));
                pass.Read(rows);
            }

            return (rows, pass.Ops.Count, _device.AllocatedBytes - before);
        }
    }

    [Fact]
    public void A_run_that_is_planned_allocates_nothing()
    {
        using InceptionPass pass = new(_network, 1, InceptionFeatures.All);
        float[] image = _images[..InceptionPass.ImageLength], row = new float[InceptionFeatures.All.Length()];
        TeamAllocations.AssertNone(_device, () =>
        {
            pass.Start(image);
            pass.Read(row);
        });
    }

    [Fact]
    public void Batches_that_do_not_fit_are_refused()
    {
        using InceptionPass pass = new(_network, 1, InceptionFeatures.Pool);
        Assert.Throws<ArgumentException>(() => pass.Start(_images));
        Assert.Throws<ArgumentException>(() => pass.Start([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new InceptionPass(_network, InceptionPass.MaxBatch + 1, InceptionFeatures.Pool));
        Assert.Throws<ArgumentException>(() => new InceptionPass(_network, 1, 0));
        _network.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pass.Start(_images.AsSpan(0, InceptionPass.ImageLength)));
    }

    private int Ops(InceptionFeatures features)
    {
        using InceptionPass pass = new(_network, 1, features);
        return pass.Ops.Count;
    }

    private float[] Features(int batch, InceptionFeatures features, ReadOnlySpan<float> images)
    {
        using InceptionPass pass = new(_network, batch, features);
        float[] rows = new float[images.Length / InceptionPass.ImageLength * features.Length()];
        pass.Start(images);
        pass.Read(rows);
        return rows;
    }

    // As the recorded weights are spread.
    private static void Read(string name, Span<float> values)
    {
        CounterNoise.Fill(7, name.Sum(letter => letter), 0, values);
        InceptionStep? step = InceptionStructure.Convolutions.FirstOrDefault(s => name == $"{s.Name}.conv.weight");
        float factor = step is null ? 0.1f : MathF.Sqrt(2.6f / (step.Inputs * step.Height * step.Width));
        float offset = name.EndsWith(".bn.weight", StringComparison.Ordinal) ? 1 : 0;
        bool isVariance = name.EndsWith(".running_var", StringComparison.Ordinal);
        foreach (ref float value in values)
        {
            value = isVariance ? 1 + Math.Abs(value) : (value * factor) + offset;
        }
    }
}
