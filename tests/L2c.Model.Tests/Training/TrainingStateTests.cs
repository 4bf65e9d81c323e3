using L2c.Model.Training;
using L2c.Testing;
using L2c.Weights;

namespace L2c.Model.Tests.Training;

public sealed class TrainingStateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(12)]
    [InlineData(100)]
    public void A_tensor_is_written_and_read_in_slices(int sliceLength)
    {
        float[] values = [.. Enumerable.Range(0, 12).Select(i => i + 0.5f)];
        StateEntry entry = StateEntry.Of<float>("values", [3, 4], () => values, sliceLength);
        List<int> lengths = [];
        entry.Write(bytes => lengths.Add(bytes.Length));
        Assert.Equal(12 * sizeof(float), lengths.Sum());
        Assert.Equal(Math.Min(sliceLength, 12) * sizeof(float), lengths.Max());

        TrainingState.Write(_folder.File("state"), "test/1", 1, 0, new TrainingSettings(), [entry]);
        using TensorFile file = TensorFiles.Open(_folder.File("state"));
        float[] read = new float[12];
        TrainingState.Read<float>(file, "values", read, sliceLength);
        Assert.Equal(values, read);
    }

    [Fact]
    public void A_slice_fits_a_span_of_bytes() => Assert.True((long)StateEntry.SliceLength * sizeof(double) < int.MaxValue);

    [Theory]
    [InlineData("null", "the settings are null")]
    [InlineData("{\"--lr\":null}", "a setting is null")]
    [InlineData("{\"--lr\":1}", "the settings are not a JSON object of texts")]
    public void Settings_that_are_no_texts_are_refused(string json, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => new TrainingSettings { { "--lr", 0.1 } }.FindDifference(json)).Message);

    public void Dispose() => _folder.Dispose();
}
