using L2c.Weights.Layouts;

namespace L2c.Weights.Tests.Layouts;

public sealed class InceptionLayoutTests
{
    [Fact]
    public void It_has_the_published_tensors()
    {
        Assert.Equal(94, InceptionStructure.Convolutions.Count());
        Assert.Equal(472, InceptionLayout.Tensors.Select(tensor => tensor.Name).Distinct().Count());
        Assert.Equal(23_885_392, InceptionLayout.Tensors.Sum(tensor => tensor.Shape.Aggregate(1L, (product, extent) => product * extent)));
        Dictionary<string, long[]> shapes = InceptionLayout.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        Assert.Equal([192, 160, 7, 1], shapes["Mixed_6d.branch7x7_3.conv.weight"]);
        Assert.Equal([384, 384, 1, 3], shapes["Mixed_7c.branch3x3dbl_3a.conv.weight"]);
        Assert.Equal([448], shapes["Mixed_7b.branch3x3dbl_1.bn.running_var"]);
    }

    [Fact]
    public void Every_step_reads_what_an_earlier_one_has_written_whole()
    {
        Dictionary<string, int> written = new() { [InceptionStructure.Image] = InceptionStructure.Colours };
        foreach (InceptionStep step in InceptionStructure.Steps)
        {
            Assert.Equal(step.Inputs, written[step.Input]);
            Assert.Equal(step.FirstChannel, written.GetValueOrDefault(step.Output));
            written[step.Output] = step.FirstChannel + step.Outputs;
        }

        Assert.Equal((InceptionStructure.PoolLength, 768, 1280), (written[InceptionStructure.Pool], written["Mixed_6d"], written["Mixed_7a"]));
    }

    [Fact]
    public void Counts_of_batches_are_not_part_of_the_network()
    {
        List<TensorInfo> tensors = [.. InceptionLayout.Tensors.Select(tensor => new TensorInfo(tensor.Name, TensorType.F32, tensor.Shape))];
        using Listed plain = new(tensors), tracked = new([.. tensors, new("Mixed_7c.branch_pool.bn.num_batches_tracked", TensorType.I64, [])]);
        Assert.Empty(WeightsLayout.Resolve(plain).Ignored);
        WeightsFile found = WeightsLayout.Resolve(tracked);
        Assert.Equal(["Mixed_7c.branch_pool.bn.num_batches_tracked"], found.Ignored);
        Assert.Equal((472, "inception"), (found.Tensors.Count, found.Architecture.Family));
    }

    [Fact]
    public void What_is_missing_or_of_another_shape_is_named()
    {
        List<TensorInfo> tensors = [.. InceptionLayout.Tensors.Select(tensor => new TensorInfo(tensor.Name, TensorType.F32, tensor.Shape))];
        int fc = tensors.FindIndex(tensor => tensor.Name == "fc.weight");
        tensors[fc] = new TensorInfo("fc.weight", TensorType.F32, [1000, 2048]);
        tensors.RemoveAll(tensor => tensor.Name == "Mixed_6a.branch3x3.bn.bias");
        using Listed file = new(tensors);
        MalformedFileException thrown = Assert.Throws<MalformedFileException>(() => WeightsLayout.Resolve(file));
        Assert.Contains("1 missing, 1 mis-shaped tensors, first missing: Mixed_6a.branch3x3.bn.bias [384]", thrown.Message, StringComparison.Ordinal);
    }

    /// <summary>A file of which nothing but the directory is looked at.</summary>
    private sealed class Listed(IReadOnlyList<TensorInfo> tensors) : TensorFile
    {
        public override string Path => "inception.pth";

        public override string Format => "safetensors";

        public override IReadOnlyList<TensorInfo> Tensors => tensors;

        public override IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

        public override TensorInfo? Find(string name) => tensors.FirstOrDefault(tensor => tensor.Name == name);

        public override void ReadBytes(TensorInfo tensor, long firstElement, Span<byte> destination) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
