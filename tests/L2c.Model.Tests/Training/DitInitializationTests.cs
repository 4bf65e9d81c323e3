using L2c.Model.Networks.Dit;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Training;

public sealed class DitInitializationTests
{
    private static readonly DitArchitecture _wide = RandomDit.Small with { HiddenSize = 96, Depth = 2 };

    [Theory]
    [InlineData("blocks.0.attn.qkv.weight", 96, 288)]
    [InlineData("blocks.1.mlp.fc2.weight", 384, 96)]
    [InlineData("x_embedder.proj.weight", 16, 96)]
    public void Linear_layers_are_uniform_by_fan_in_and_fan_out(string name, int fanIn, int fanOut)
    {
        float[] values = Read(name);
        double bound = Math.Sqrt(6.0 / (fanIn + fanOut));
        Assert.All(values, value => Assert.InRange(value, -bound, bound));
        Assert.InRange(values.Max(), 0.99 * bound, bound);
        Assert.InRange(Deviation(values) / (bound / Math.Sqrt(3)), 0.95, 1.05);
    }

    [Theory]
    [InlineData("y_embedder.embedding_table.weight")]
    [InlineData("t_embedder.mlp.0.weight")]
    [InlineData("t_embedder.mlp.2.weight")]
    public void Embeddings_are_normal(string name)
    {
        float[] values = Read(name);
        Assert.InRange(Deviation(values), 0.018, 0.022);
        Assert.InRange(values.Max(Math.Abs), 0.04, 0.12); // beyond any uniform of that deviation
    }

    [Theory]
    [InlineData("blocks.0.adaLN_modulation.1.weight")]
    [InlineData("final_layer.adaLN_modulation.1.weight")]
    [InlineData("final_layer.linear.weight")]
    [InlineData("final_layer.linear.bias")]
    [InlineData("blocks.1.attn.qkv.bias")]
    [InlineData("t_embedder.mlp.0.bias")]
    public void The_rest_is_zero(string name) => Assert.All(Read(name), value => Assert.Equal(0, value));

    [Fact]
    public void Positions_are_the_fixed_table() => Assert.Equal(SinCosPositions.Compute(3, 96), Read("pos_embed"));

    [Fact]
    public void Seeds_and_tensors_differ_and_repeat()
    {
        Assert.Equal(Read("blocks.0.attn.proj.weight"), Read("blocks.0.attn.proj.weight"));
        Assert.NotEqual(Read("blocks.0.attn.proj.weight"), Read("blocks.1.attn.proj.weight"));
        Assert.NotEqual(Read("blocks.0.attn.proj.weight"), Read("blocks.0.attn.proj.weight", seed: 4));
    }

    private static float[] Read(string name, ulong seed = 3)
    {
        long count = DitLayout.Tensors(_wide).Single(t => t.Name == name).Shape.Aggregate(1L, (product, extent) => product * extent);
        float[] values = new float[count];
        Array.Fill(values, float.NaN);
        new DitInitialization(_wide, seed).Read(name, values);
        return values;
    }

    private static double Deviation(float[] values) => Math.Sqrt(values.Average(v => (double)v * v));
}
