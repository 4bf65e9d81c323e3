using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Weights.Tests.Layouts;

public sealed class SinCosPositionsTests
{
    [Theory]
    [InlineData("dit_a_weights.safetensors")]
    [InlineData("dit_b_weights.safetensors")]
    [InlineData("dit_c_weights.safetensors")]
    public void Table_is_the_recorded_one_to_the_last_bit_or_its_neighbour(string name)
    {
        string? path = RepositoryPaths.Goldens is null ? null : Path.Combine(RepositoryPaths.Goldens, name);
        Assert.SkipUnless(File.Exists(path), "the recorded weights are not here");
        using TensorFile file = TensorFiles.Open(path!);
        TensorInfo tensor = file.Find("pos_embed")!;
        float[] recorded = new float[tensor.Count];
        file.ReadBytes(tensor, 0, System.Runtime.InteropServices.MemoryMarshal.AsBytes(recorded.AsSpan()));

        float[] computed = SinCosPositions.Compute((int)Math.Sqrt(tensor.Shape[1]), (int)tensor.Shape[2]);

        Assert.Equal(recorded.Length, computed.Length);
        for (int i = 0; i < recorded.Length; i++)
        {
            float lastBit = MathF.BitIncrement(MathF.Abs(recorded[i])) - MathF.Abs(recorded[i]);
            Assert.True(MathF.Abs(recorded[i] - computed[i]) <= lastBit, $"element {i}: {recorded[i]:R} and {computed[i]:R}");
        }
    }

    [Fact]
    public void The_column_comes_first_and_sine_before_cosine()
    {
        float[] table = SinCosPositions.Compute(2, 8);
        float[] row0Column1 = table[8..16];
        Assert.Equal([(float)Math.Sin(1), (float)Math.Sin(0.01), (float)Math.Cos(1), (float)Math.Cos(0.01), 0, 0, 1, 1], row0Column1);
    }

    [Fact]
    public void A_width_that_is_no_multiple_of_four_is_refused() => Assert.Throws<ArgumentException>(() => SinCosPositions.Compute(2, 6));
}
