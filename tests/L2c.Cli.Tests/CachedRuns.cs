using System.Text;
using L2c.Testing;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests;

/// <summary>Cached runs of the tiny model, and the files that choose what is reused.</summary>
/// <remarks>
/// Four steps: evaluations 0 and 2 refresh, 1 and 3 are cache evaluations with rows 2 and 0 of a router. Two blocks: four branches.
/// </remarks>
public sealed class CachedRuns : IDisposable
{
    /// <summary>The program, and the folder that the files are in.</summary>
    public CliRunner Cli { get; } = new();

    /// <summary>Samples three images in four steps by the tiny model.</summary>
    public CliResult Sample(string picture, params string[] options)
    {
        string checkpoint = Cli.PathOf("model.safetensors");
        if (!File.Exists(checkpoint))
        {
            TinyModel.Write(checkpoint, TinyModel.Pixels);
        }

        return Cli.Run(["sample", "--ckpt", checkpoint, "--steps", "4", "--count", "3", "--out", Cli.PathOf(picture), .. options]);
    }

    /// <summary>Pixels of a sheet's pictures, sampled now unless it exists.</summary>
    public byte[] Pixels(string picture, params string[] options)
    {
        if (!File.Exists(Cli.PathOf(picture)))
        {
            CliResult result = Sample(picture, options);
            Assert.True(result.Code == 0, result.Err);
        }

        return SheetPart.Pictures(Cli.PathOf(picture));
    }

    /// <summary>A router file of one list per row.</summary>
    public string Router(string name, int rows, int branches, Func<int, int, float> logit)
    {
        string path = Cli.PathOf(name);
        (string, long[], float[])[] tensors =
            [.. Enumerable.Range(0, rows).Select(
                r => ($"{r}.prob", new long[] { branches }, Enumerable.Range(0, branches).Select(b => logit(r, b)).ToArray()))];
        SafetensorsData.Write(path, tensors, new Dictionary<string, string>(), overwrite: false);
        return path;
    }

    /// <summary>A schedule file of our format with these rows.</summary>
    public string Schedule(string evaluations, string model = "tiny pixels", string sampler = "ddim")
    {
        int steps = evaluations.Count(c => c == '{');
        return Text("s.json", $$"""
            {"format": "l2c-schedule/1", "model": "{{model}}", "sampler": "{{sampler}}", "steps": {{steps}}, "evaluations": [{{evaluations}}]}
            """);
    }

    /// <summary>A file of text.</summary>
    public string Text(string name, string content)
    {
        File.WriteAllText(Cli.PathOf(name), content, new UTF8Encoding(false));
        return Cli.PathOf(name);
    }

    public void Dispose() => Cli.Dispose();
}
