namespace L2c.Kernels.Tests;

/// <summary>What an image gives must not depend on its company, nor any result on the threads or on being recorded. Bit for bit.</summary>
public sealed class DeterminismTests
{
    public static MatrixTheoryData<string, string> Cases => new(Chain.Names, Workbench.Sets);

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_image_is_the_same_alone_and_in_a_batch(string chain, string set)
    {
        int images = Chain.ImagesOf(chain);
        using Chain together = Chain.Open(chain, set, threads: 3, first: 0, count: images);
        together.Enqueue();
        float[][] all = together.PerImage();
        for (int image = 0; image < images; image++)
        {
            using Chain alone = Chain.Open(chain, set, threads: 3, first: image, count: 1);
            alone.Enqueue();
            foreach ((float[] several, float[] one) in all.Zip(alone.PerImage()))
            {
                Assert.DoesNotContain(one, float.IsNaN);
                Assert.Equal(several[(image * one.Length)..((image + 1) * one.Length)], one);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Threads_and_recording_change_nothing(string chain, string set)
    {
        int images = Chain.ImagesOf(chain);
        float[][]? expected = null;
        foreach (int threads in (int[])[1, 2, 3, 7])
        {
            using Chain eager = Chain.Open(chain, set, threads, first: 0, count: images);
            eager.Enqueue();
            expected ??= eager.Everything();
            Assert.All(expected, values => Assert.DoesNotContain(values, float.IsNaN));
            Assert.Equal(expected, eager.Everything());

            using Chain recorded = Chain.Open(chain, set, threads, first: 0, count: images);
            using OpSequence sequence = recorded.Capture();
            Assert.Equal(recorded.OpNames, sequence.Ops.Select(op => op.Name));
            Assert.NotEqual(expected, recorded.Everything()); // nothing has run yet
            for (int run = 0; run < 3; run++)
            {
                recorded.Reset();
                sequence.Run();
                Assert.Equal(expected, recorded.Everything());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_op_recorded_before_a_larger_one_finds_its_sums_where_they_moved(string chain, string set)
    {
        using Chain small = Chain.Open(chain, set, threads: 2, first: 0, count: 1);
        using OpSequence sequence = small.Capture();
        sequence.Run();
        float[][] expected = small.Everything();
        small.EnqueueLarger();
        small.Reset();
        sequence.Run();
        Assert.Equal(expected, small.Everything());
    }
}
