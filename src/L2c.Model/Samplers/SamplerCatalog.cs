using System.Globalization;
using L2c.Model.Networks;
using L2c.Weights;

namespace L2c.Model.Samplers;

/// <summary>The samplers by name. A sampler is a file of its own and a line here.</summary>
public static class SamplerCatalog
{
    /// <summary>Name of DDIM.</summary>
    public const string Ddim = "ddim";

    /// <summary>Name of DDPM.</summary>
    public const string Ddpm = "ddpm";

    /// <summary>Name of DPM-Solver++(2S): with evenly spaced times, what Learning-to-Cache samples U-ViT with.</summary>
    public const string DpmSolver2S = "dpm-solver++:2s";

    // Steps take as many evaluations as the order, of the multistep ones a single one.
    private static readonly (string Name, int Order, bool PredictsData, bool IsMultistep)[] _solvers =
    [
        ("dpm-solver:1", 1, false, false),
        ("dpm-solver:2", 2, false, false),
        ("dpm-solver:3", 3, false, false),
        ("dpm-solver++:1s", 1, true, false),
        (DpmSolver2S, 2, true, false),
        ("dpm-solver++:3s", 3, true, false),
        ("dpm-solver++:2m", 2, true, true),
        ("dpm-solver++:3m", 3, true, true),
    ];

    private static readonly (string Word, TimeSpacing Spacing)[] _grids =
        [("time_uniform", TimeSpacing.TimeUniform), ("logSNR", TimeSpacing.LogSnr), ("time_quadratic", TimeSpacing.TimeQuadratic)];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [Ddim, Ddpm, .. _solvers.Select(solver => solver.Name)];

    /// <summary>How the times of a DPM-Solver may be spaced, the default first.</summary>
    public static IReadOnlyList<string> Grids { get; } = [.. _grids.Select(grid => grid.Word)];

    /// <summary>Makes a table.</summary>
    /// <param name="network">The network: its process, its variance, and its authors' sampler.</param>
    /// <param name="steps">Of DDIM and DDPM the respacing, see <see cref="Respacing.Select(string, MidpointRounding)"/>; of a DPM-Solver a number of
    /// evaluations, of which as many are made as fill whole steps.</param>
    /// <param name="name">One of <see cref="Names"/>, in any case of letters; null for the network's default.</param>
    /// <param name="eta">For DDIM; null for none.</param>
    /// <param name="grid">For a DPM-Solver, one of <see cref="Grids"/> in any case of letters; null for the first.</param>
    /// <exception cref="ArgumentException">No sampler has this name, or what it was given is not valid.</exception>
    public static SamplerTable Create(NetworkInfo network, string steps, string? name = null, double? eta = null, string? grid = null)
    {
        name = (name ?? network.DefaultSampler).ToLowerInvariant();
        if (eta is not null && name != Ddim)
        {
            throw new ArgumentException("eta belongs to ddim; omit it, or use ddim");
        }

        if (grid is not null && name is Ddim or Ddpm)
        {
            throw new ArgumentException($"{name} has no grid; omit it, or use a DPM-Solver");
        }

        return name switch
        {
            Ddim => Samplers.Ddim.Table(Respaced(network, steps), eta ?? 0),
            Ddpm => Samplers.Ddpm.Table(Respaced(network, steps), network.Architecture.PredictsVariance),
            _ => Solver(network, name, steps, grid),
        };
    }

    private static NoiseSchedule Respaced(NetworkInfo network, string steps) => network.Process.Respace(Respacing.Select(steps));

    private static SamplerTable Solver(NetworkInfo network, string name, string steps, string? grid)
    {
        (string? known, int order, bool predictsData, bool isMultistep) = Array.Find(_solvers, solver => solver.Name == name);
        if (known is null)
        {
            throw new ArgumentException($"no sampler is named {name}; the names are {string.Join(", ", Names)}{KnownWords.DidYouMean(name, Names)}");
        }

        (string? word, TimeSpacing spacing) = Array.Find(_grids, g => g.Word.Equals(grid ?? Grids[0], StringComparison.OrdinalIgnoreCase));
        if (word is null)
        {
            throw new ArgumentException($"no grid is named {grid}; the names are {string.Join(", ", Grids)}{KnownWords.DidYouMean(grid!, Grids)}");
        }

        int perStep = isMultistep ? 1 : order;
        if (!int.TryParse(steps, NumberStyles.None, CultureInfo.InvariantCulture, out int evaluations)
            || evaluations < perStep || evaluations > NoiseSchedule.TrainingTimesteps)
        {
            throw new ArgumentException(
                $"\"{steps}\" is not a number of evaluations; {name} takes a whole number from {perStep} to {NoiseSchedule.TrainingTimesteps}");
        }

        SolverModel model = new(new InterpolatedSchedule(network.Process), predictsData);
        float[] times = TimeGrid.Times(spacing, model.Process, evaluations / perStep);
        return isMultistep ? DpmSolverPlusPlus.Table(name, order, model, times) : DpmSolver.Table(name, order, model, times);
    }
}
