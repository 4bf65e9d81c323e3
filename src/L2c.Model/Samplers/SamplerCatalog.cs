namespace L2c.Model.Samplers;

/// <summary>The samplers by name. A sampler is a file of its own and a line here.</summary>
public static class SamplerCatalog
{
    /// <summary>Name of DDIM, the default.</summary>
    public const string Ddim = "ddim";

    /// <summary>Name of DDPM.</summary>
    public const string Ddpm = "ddpm";

    /// <summary>All names, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = [Ddim, Ddpm];

    /// <summary>Makes a table.</summary>
    /// <param name="name">One of <see cref="Names"/>, in any case of letters.</param>
    /// <param name="steps">Respacing, see <see cref="Respacing.Select(string, MidpointRounding)"/>.</param>
    /// <param name="eta">For DDIM; null for none.</param>
    /// <param name="learnedVariance">Whether the network predicts a variance; for DDPM.</param>
    /// <exception cref="ArgumentException">No sampler has this name, or what it was given is not valid.</exception>
    public static SamplerTable Create(string name, string steps, double? eta, bool learnedVariance) => name.ToLowerInvariant() switch
    {
        Ddim => Samplers.Ddim.Table(steps, eta ?? 0),
        Ddpm when eta is not null => throw new ArgumentException("eta belongs to ddim; omit it, or use ddim"),
        Ddpm => Samplers.Ddpm.Table(steps, learnedVariance),
        _ => throw new ArgumentException($"no sampler is named {name}; the names are {string.Join(", ", Names)}"),
    };
}
