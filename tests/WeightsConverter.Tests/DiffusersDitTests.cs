using L2c.Testing;
using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;
using NamedTensor = (string Name, long[] Shape, float[] Elements);

namespace WeightsConverter.Tests;

/// <summary>A DiT renamed and split as diffusers stores it, and the faults that such a file can have.</summary>
public sealed class DiffusersDitTests
{
    private const int Depth = 2, Width = 8;

    private static readonly DitArchitecture _small = new()
    {
        Name = "small",
        InputSize = 4,
        PatchSize = 2,
        InChannels = 4,
        HiddenSize = Width,
        Depth = Depth,
        Heads = 2,
        NumClasses = 3,
        HasNullClass = true,
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Converts_back_to_identical_tensors(bool storePositions)
    {
        using TemporaryFolder folder = new();
        Write(folder.File("published.safetensors"), Published());
        Write(folder.File("diffusers.safetensors"), Diffusers(Published(), storePositions));
        Tool run = Convert(folder, storePositions ? [] : ["--input-size", "4"]);
        Assert.Equal("", run.Error);
        Assert.True(Tool.SameTensors(folder.File("out.safetensors"), folder.File("published.safetensors")));
    }

    [Fact]
    public void A_larger_one_does_too()
    {
        string source = Tool.Recorded(RepositoryPaths.Goldens, "dit_a_weights.safetensors");
        using TemporaryFolder folder = new();
        Write(folder.File("diffusers.safetensors"), Diffusers(
            [.. Tool.ReadAll(source).Select(t => (t.Key, t.Value.Info.Shape, Floats(t.Value.Bytes)))], storePositions: false));
        Tool run = Tool.Run(folder.File("diffusers.safetensors"), folder.File("out.safetensors"), "--heads", "4", "--input-size", "8", "--verify");
        Assert.Equal("", run.Error);
        Assert.True(Tool.SameTensors(folder.File("out.safetensors"), source));
    }

    [Fact]
    public void Without_positions_the_side_must_be_told()
    {
        using TemporaryFolder folder = new();
        Write(folder.File("diffusers.safetensors"), Diffusers(Published(), storePositions: false));
        Tool run = Convert(folder);
        Assert.Equal(4, run.Code);
        Assert.Contains("--input-size", run.SingleErrorLine(), StringComparison.Ordinal);
    }

    [Fact]
    public void Query_and_key_exchanged_are_seen_by_the_comparison()
    {
        using TemporaryFolder folder = new();
        Write(folder.File("published.safetensors"), Published());
        List<NamedTensor> exchanged = [.. Diffusers(Published(), storePositions: true).Select(t => (Exchange(t.Name), t.Shape, t.Elements))];
        Write(folder.File("diffusers.safetensors"), exchanged);
        Assert.Equal(0, Tool.Run(folder.File("published.safetensors"), folder.File("out.safetensors"), "--heads", "2", "--name", "small").Code);

        Tool run = Tool.Run(folder.File("diffusers.safetensors"), folder.File("out.safetensors"), "--verify-only", "--heads", "2", "--name", "small");

        Assert.Equal(4, run.Code);
        Assert.Contains("element 0 of blocks.0.attn.qkv.weight", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("out.safetensors")));

        static string Exchange(string name) => name.Contains("to_q", StringComparison.Ordinal)
            ? name.Replace("to_q", "to_k", StringComparison.Ordinal)
            : name.Replace("to_k", "to_q", StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_of_the_embedder_that_differs_is_refused_by_verify()
    {
        using TemporaryFolder folder = new();
        List<NamedTensor> tensors = Diffusers(Published(), storePositions: true);
        tensors.Single(t => t.Name == "transformer_blocks.1.norm1.emb.class_embedder.embedding_table.weight").Elements[5]++;
        Write(folder.File("diffusers.safetensors"), tensors);
        Tool run = Convert(folder);
        Assert.Equal(4, run.Code);
        Assert.Contains("is not the same as transformer_blocks.0.norm1.emb.class_embedder", run.SingleErrorLine(), StringComparison.Ordinal);
        Assert.Equal(["diffusers.safetensors"], folder.Names);
    }

    [Fact]
    public void Missing_unexpected_and_misshaped_tensors_are_in_one_report()
    {
        using TemporaryFolder folder = new();
        List<NamedTensor> tensors = Diffusers(Published(), storePositions: true);
        tensors.RemoveAll(t => t.Name == "transformer_blocks.1.attn1.to_v.bias");
        tensors.Add(("transformer_blocks.0.attn2.to_q.weight", [1], [0]));
        int bias = tensors.FindIndex(t => t.Name == "proj_out_1.bias");
        tensors[bias] = ("proj_out_1.bias", [2, Width], tensors[bias].Elements);
        Write(folder.File("diffusers.safetensors"), tensors);

        Tool run = Convert(folder);

        Assert.Equal(4, run.Code);
        string[] lines = run.Error.TrimEnd('\n').Split('\n');
        Assert.Equal("missing: transformer_blocks.1.attn1.to_v.bias [8]", lines[0]);
        Assert.Equal("mis-shaped: proj_out_1.bias F32 [2, 8], expected [16]", lines[1]);
        Assert.Equal("unexpected: transformer_blocks.0.attn2.to_q.weight F32 [1]", lines[2]);
        Assert.StartsWith("weights-converter: error: ", lines[3], StringComparison.Ordinal);
        Assert.Contains("1 missing, 1 mis-shaped, 1 unexpected", lines[3], StringComparison.Ordinal);
        Assert.Equal(4, lines.Length);
        Assert.Equal(["diffusers.safetensors"], folder.Names);
    }

    private static Tool Convert(TemporaryFolder folder, params string[] more) =>
        Tool.Run([folder.File("diffusers.safetensors"), folder.File("out.safetensors"), "--heads", "2", "--verify", .. more]);

    private static List<NamedTensor> Published()
    {
        Random random = new(7);
        return [.. DitLayout.Tensors(_small).Select(t => (t.Name, t.Shape, t.Name == "pos_embed"
            ? SinCosPositions.Compute(2, Width)
            : [.. Enumerable.Range(0, (int)t.Shape.Aggregate((a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)]))];
    }

    // Written from the description of diffusers' module tree, independently of the converter's tables.
    private static List<NamedTensor> Diffusers(List<NamedTensor> published, bool storePositions)
    {
        int depth = published.Count(t => t.Name.EndsWith("attn.qkv.bias", StringComparison.Ordinal));
        List<(string, long[], float[])> result = [];
        foreach ((string name, long[] shape, float[] values) in published)
        {
            string suffix = name[(name.LastIndexOf('.') + 1)..];
            string block = name.StartsWith("blocks.", StringComparison.Ordinal) ? $"transformer_blocks.{name.Split('.')[1]}." : "";
            if (name == "pos_embed")
            {
                result.AddRange(storePositions ? [("pos_embed.pos_embed", shape, values)] : []);
            }
            else if (name.Contains("attn.qkv", StringComparison.Ordinal))
            {
                int third = values.Length / 3;
                long[] part = [shape[0] / 3, .. shape[1..]];
                result.Add(($"{block}attn1.to_q.{suffix}", part, values[..third]));
                result.Add(($"{block}attn1.to_k.{suffix}", part, values[third..(2 * third)]));
                result.Add(($"{block}attn1.to_v.{suffix}", part, values[(2 * third)..]));
            }
            else if (name.StartsWith("t_embedder", StringComparison.Ordinal) || name.StartsWith("y_embedder", StringComparison.Ordinal))
            {
                string embedder = name.Contains("mlp.0", StringComparison.Ordinal) ? "timestep_embedder.linear_1"
                    : name.Contains("mlp.2", StringComparison.Ordinal) ? "timestep_embedder.linear_2" : "class_embedder.embedding_table";
                IEnumerable<string> names = Enumerable.Range(0, depth).Select(i => $"transformer_blocks.{i}.norm1.emb.{embedder}.{suffix}");
                result.AddRange(names.Select(copy => (copy, shape, (float[])values.Clone())));
            }
            else
            {
                string module = name switch
                {
                    _ when name.StartsWith("x_embedder", StringComparison.Ordinal) => "pos_embed.proj",
                    _ when name.StartsWith("final_layer.linear", StringComparison.Ordinal) => "proj_out_2",
                    _ when name.StartsWith("final_layer", StringComparison.Ordinal) => "proj_out_1",
                    _ when name.Contains("attn.proj", StringComparison.Ordinal) => block + "attn1.to_out.0",
                    _ when name.Contains("fc1", StringComparison.Ordinal) => block + "ff.net.0.proj",
                    _ when name.Contains("fc2", StringComparison.Ordinal) => block + "ff.net.2",
                    _ => block + "norm1.linear",
                };
                result.Add(($"{module}.{suffix}", shape, values));
            }
        }

        return result;
    }

    private static float[] Floats(byte[] bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    private static void Write(string path, List<NamedTensor> tensors) => SafetensorsData.Write(path, tensors, null, overwrite: false);
}
