using L2c.Weights.Layouts;
using NamedTensor = (string Name, long[] Shape, float[] Elements);

namespace L2c.Weights.Tests.Layouts;

public sealed class WeightsLayoutTests
{
    [Fact]
    public void Architecture_and_values_come_from_names_and_shapes()
    {
        SmallModels.Resolve(SmallModels.Tensors(), checkpoint =>
        {
            Assert.Equal((SmallModels.Dit with { Name = "model" }).ToJson(), checkpoint.Architecture.ToJson());
            Assert.Equal(SmallModels.Tensors().Select(t => t.Name), checkpoint.Tensors.Select(t => t.Name));
            Assert.All(SmallModels.Tensors(), t => Assert.Equal(t.Elements, checkpoint.Read(t.Name)));
            return 0;
        });
    }

    [Fact]
    public void Parts_of_a_tensor_can_be_read()
    {
        SmallModels.Resolve(SmallModels.Tensors(), checkpoint =>
        {
            byte[] two = new byte[2 * sizeof(float)];
            WeightsTensor tensor = checkpoint.Find("x_embedder.proj.weight");
            checkpoint.Read(tensor, 5, two, TensorType.F32);
            float[] all = checkpoint.Read(tensor.Name);
            Assert.Equal([all[5], all[6]], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(two).ToArray());
            Assert.Throws<ArgumentOutOfRangeException>(() => checkpoint.Read(tensor, tensor.Count - 1, two, TensorType.F32));
            return 0;
        });
    }

    [Theory]
    [InlineData(null, 1000)]
    [InlineData(WeightSet.Ema, 1000)]
    [InlineData(WeightSet.Model, 0)]
    public void Ema_is_taken_unless_the_model_is_asked_for(WeightSet? use, float first)
    {
        List<NamedTensor> both =
            [.. SmallModels.Tensors(prefix: "model."), .. SmallModels.Tensors(first: 1000, prefix: "ema."), ("opt.state.0.step", [1], [1f])];
        SmallModels.Resolve(both, checkpoint =>
        {
            Assert.Equal(first, checkpoint.Read("pos_embed")[0]);
            Assert.Equal(SmallModels.Tensors().Count + 1, checkpoint.Ignored.Count);
            return 0;
        }, SmallModels.Hints with { Use = use });
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("state_dict.")]
    [InlineData("state_dict.ema.module.")]
    public void Wrappers_are_taken_off(string prefix) =>
        Assert.Equal(7, SmallModels.Resolve(SmallModels.Tensors(first: 7, prefix: prefix), checkpoint => checkpoint.Read("pos_embed")[0]));

    [Fact]
    public void Ema_that_is_not_there_is_refused() => Refused("ema", SmallModels.Tensors(), SmallModels.Hints with { Use = WeightSet.Ema });

    [Fact]
    public void All_differences_are_in_one_report()
    {
        List<NamedTensor> tensors = SmallModels.Tensors();
        tensors.RemoveAll(t => t.Name is "blocks.1.mlp.fc1.bias" or "x_embedder.proj.bias");
        int misshaped = tensors.FindIndex(t => t.Name == "blocks.0.attn.proj.weight");
        tensors[misshaped] = (tensors[misshaped].Name, [4, 16], tensors[misshaped].Elements);
        tensors.Add(("blocks.0.attn.q_norm.weight", [8], new float[8]));

        MalformedFileException problem = Refused("2 missing, 1 mis-shaped, 1 unexpected", tensors, SmallModels.Hints);

        Assert.Equal(
            [
                "missing: x_embedder.proj.bias [8]",
                "missing: blocks.1.mlp.fc1.bias [32]",
                "mis-shaped: blocks.0.attn.proj.weight F32 [4, 16], expected [8, 8]",
                "unexpected: blocks.0.attn.q_norm.weight F32 [8]",
            ],
            problem.Details);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public void Classes_tell_whether_the_last_row_is_the_null_class(int classes, bool hasNullClass)
    {
        DitArchitecture resolved = SmallModels.Resolve(
            SmallModels.Tensors(), checkpoint => checkpoint.Require<DitArchitecture>(), SmallModels.Hints with { Classes = classes });
        Assert.Equal((classes, hasNullClass), (resolved.NumClasses, resolved.HasNullClass));
    }

    [Fact]
    public void Classes_that_fit_no_row_count_are_refused() => Refused("4 label rows", SmallModels.Tensors(), SmallModels.Hints with { Classes = 5 });

    [Fact]
    public void Heads_must_be_told_where_no_published_model_tells_them() => Refused("--heads", SmallModels.Tensors(), LayoutHints.None);

    [Fact]
    public void Metadata_tell_everything_and_hints_override_them()
    {
        string json = (SmallModels.Dit with { Heads = 4, ClassNames = ["a", "b", "c"] }).ToJson();
        DitArchitecture told = SmallModels.Resolve(
            SmallModels.Tensors(), checkpoint => checkpoint.Require<DitArchitecture>(), LayoutHints.None, json);
        Assert.Equal(json, told.ToJson());
        DitArchitecture overridden = SmallModels.Resolve(
            SmallModels.Tensors(), checkpoint => checkpoint.Require<DitArchitecture>(), new LayoutHints { Heads = 2, Name = "other" }, json);
        Assert.Equal((2, "other", 3), (overridden.Heads, overridden.Name, overridden.ClassNames.Count));
    }

    [Theory]
    [InlineData("{\"family\":\"router\",\"name\":\"r\",\"target\":\"dit\",\"evaluations\":20,\"branches\":56}", "family")]
    [InlineData("not json", "metadata")]
    public void Metadata_that_do_not_fit_are_refused(string json, string says) => Refused(says, SmallModels.Tensors(), LayoutHints.None, json);

    [Fact]
    public void Metadata_that_contradict_the_shapes_are_refused()
    {
        string json = (SmallModels.Dit with { Depth = 512, HiddenSize = 16384, Heads = 64, NumClasses = 1_000_000 }).ToJson();
        long before = GC.GetAllocatedBytesForCurrentThread();
        MalformedFileException problem = Refused("missing", SmallModels.Tensors(), LayoutHints.None, json);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        Assert.NotEmpty(problem.Details);
    }

    [Fact]
    public void A_block_number_without_bound_is_refused()
    {
        List<NamedTensor> tensors = SmallModels.Tensors();
        tensors.Add(("blocks.60000.attn.qkv.bias", [24], new float[24]));
        Refused("depth 60001 is outside", tensors, SmallModels.Hints);
    }

    [Fact]
    public void Unknown_tensors_are_refused_by_name() => Refused("holds 1 tensors, among them x", [("x", [1], [1f])], LayoutHints.None);

    [Fact]
    public void Hints_that_cannot_apply_are_the_callers_mistake()
    {
        Assert.Throws<ArgumentException>(() => SmallModels.Resolve(SmallModels.Tensors(), _ => 0, new LayoutHints { Model = "nothing" }));
        Assert.Throws<ArgumentException>(() => SmallModels.Resolve(SmallModels.Tensors(), _ => 0, new LayoutHints { Model = "U-ViT-H/2" }));
        Assert.Throws<ArgumentException>(() => SmallModels.Resolve([("logits", [2, 4], new float[8])], _ => 0, new LayoutHints { Heads = 2 }));
    }

    private static MalformedFileException Refused(
        string says, List<NamedTensor> tensors, LayoutHints hints, string? metadata = null)
    {
        MalformedFileException problem = Assert.Throws<MalformedFileException>(() => SmallModels.Resolve(tensors, _ => 0, hints, metadata));
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message);
        return problem;
    }
}
