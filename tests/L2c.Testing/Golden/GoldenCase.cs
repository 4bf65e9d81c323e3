using System.Text.Json;

namespace L2c.Testing.Golden;

/// <summary>One recorded file and what its manifest entry says of it.</summary>
/// <param name="File">Name in the goldens folder.</param>
/// <param name="Folder">The goldens folder.</param>
/// <param name="Entry">The manifest's entry: config, tensors, case.</param>
public sealed record GoldenCase(string File, string Folder, JsonElement Entry)
{
    /// <summary>The entry's <c>case</c>: kind, sampler, bounds.</summary>
    public JsonElement Case => Entry.GetProperty("case");

    /// <summary>The model's configuration.</summary>
    public JsonElement Config => Entry.GetProperty("config");

    /// <summary>dit, uvit, vae or none.</summary>
    public string Family => Case.GetProperty("family").GetString()!;

    /// <summary>weights, forward, sample, cached_sample, router_training, schedule, tensors or vae.</summary>
    public string Kind => Case.GetProperty("kind").GetString()!;

    /// <summary>Tensors that must agree exactly.</summary>
    public IEnumerable<string> Exact => Case.TryGetProperty("exact", out JsonElement names) ? names.EnumerateArray().Select(n => n.GetString()!) : [];

    /// <summary>Opens the file's tensors.</summary>
    public GoldenTensors Open() => new(Path.Combine(Folder, File));

    /// <summary>Opens another file of the same folder, as the case's weights.</summary>
    public GoldenTensors OpenBeside(string file) => new(Path.Combine(Folder, file));

    /// <summary>The relative bound of a tensor; 0 asks for equality.</summary>
    public double RelativeBound(string tensor) => Case.GetProperty("bounds").GetProperty(tensor).GetDouble();

    /// <summary>The absolute rounding noise of the published code itself at a step, in a tensor or in the whole case; 0 where none was recorded.</summary>
    public double Noise(string tensor, int step)
    {
        if (!Case.TryGetProperty("noise_abs", out JsonElement noise))
        {
            return 0;
        }

        return noise.ValueKind switch
        {
            JsonValueKind.Array => noise[step].GetDouble(),
            JsonValueKind.Object => noise.TryGetProperty(tensor, out JsonElement value) ? value.GetDouble() : 0,
            _ => noise.GetDouble(),
        };
    }

    /// <summary>First and one-past-last row of a tensor to compare, or null for all.</summary>
    public (int First, int End)? Rows(string tensor) =>
        Case.TryGetProperty("compare_rows", out JsonElement rows) && rows.TryGetProperty(tensor, out JsonElement range)
            ? (range[0].GetInt32(), range[1].GetInt32())
            : null;

    /// <inheritdoc/>
    public override string ToString() => File;
}
