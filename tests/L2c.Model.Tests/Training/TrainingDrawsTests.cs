using L2c.Model.Training;

namespace L2c.Model.Tests.Training;

public sealed class TrainingDrawsTests
{
    private const int Images = 4096;

    [Fact]
    public void Every_timestep_is_drawn_equally_often()
    {
        var draws = new TrainingDraws(seed: 7, draws: 8, batch: 2);
        int[] counts = new int[10];
        for (int step = 0; step < 1000; step++)
        {
            for (int draw = 0; draw < 8; draw++)
            {
                counts[draws.Timestep(step, draw, counts.Length)]++;
            }
        }

        // Chi-square with 9 degrees of freedom: above 28 once in 1000 seeds, and the seed is fixed.
        Assert.InRange(counts.Sum(count => (count - 800.0) * (count - 800.0) / 800), 0, 28);
    }

    [Fact]
    public void A_tenth_of_the_labels_is_dropped()
    {
        var draws = new TrainingDraws(seed: 7, draws: 1, Images);
        int[] labels = Enumerable.Repeat(3, Images).ToArray();
        draws.DropLabels(5, 0, nullLabel: 10, labels);
        Assert.All(labels, label => Assert.True(label is 3 or 10));
        Assert.InRange(labels.Count(label => label == 10) / (double)Images, 0.085, 0.115);
    }

    [Fact]
    public void Labels_cover_all_classes_and_dropping_is_independent_of_them()
    {
        var draws = new TrainingDraws(seed: 7, draws: 1, Images);
        int[] labels = new int[Images], kept = new int[Images];
        draws.Labels(0, 0, 10, labels);
        labels.CopyTo(kept, 0);
        draws.DropLabels(0, 0, 10, kept);
        for (int label = 0; label < 10; label++)
        {
            int[] those = [.. Enumerable.Range(0, Images).Where(i => labels[i] == label)];
            Assert.InRange(those.Length, 330, 490);
            Assert.InRange(those.Count(i => kept[i] == 10) / (double)those.Length, 0.04, 0.17);
        }
    }

    [Fact]
    public void What_is_drawn_depends_on_seed_step_draw_and_image_alone()
    {
        float[] here = Noise(new TrainingDraws(1, draws: 4, batch: 2), step: 3, draw: 1, image: 1);
        Assert.Equal(here, Noise(new TrainingDraws(1, draws: 4, batch: 2), 3, 1, 1));
        Assert.NotEqual(here, Noise(new TrainingDraws(2, draws: 4, batch: 2), 3, 1, 1));
        Assert.NotEqual(here, Noise(new TrainingDraws(1, draws: 4, batch: 2), 4, 1, 1));
        Assert.NotEqual(here, Noise(new TrainingDraws(1, draws: 4, batch: 2), 3, 2, 1));
        Assert.NotEqual(here, Noise(new TrainingDraws(1, draws: 4, batch: 2), 3, 1, 0));

        // The bits themselves: a state of an older version must mean the same draws.
        Assert.Equal([0, 3, 4, 5, 7], Enumerable.Range(0, 5).Select(step => new TrainingDraws(1, 8, 8).Timestep(step, 0, 10)));
    }

    [Fact]
    public void Positions_follow_each_other_without_a_gap()
    {
        var draws = new TrainingDraws(0, draws: 3, batch: 5);
        long[] positions = [.. from step in Enumerable.Range(0, 4) from draw in Enumerable.Range(0, 3) select draws.Position(step, draw)];
        Assert.Equal(Enumerable.Range(0, 12).Select(i => 5L * i), positions);
        Assert.Equal(5L * 3 * 2_000_000_000, draws.Position(2_000_000_000, 0));
    }

    private static float[] Noise(TrainingDraws draws, int step, int draw, int image)
    {
        float[] values = new float[33];
        draws.Noise(step, draw, image, values);
        return values;
    }
}
