using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>
/// Room for the shift, scale and gate vectors of a group of evaluations. They depend on timestep and label alone, so the whole group is computed
/// before its first evaluation: by one product, or one for each run of vectors that not every evaluation needs.
/// </summary>
/// <remarks>
/// Each evaluation has R rows: one per image and, with guidance, one for the null label. Only the evaluations that need a vector have rows of it.
/// </remarks>
internal sealed class DitModulations
{
    private readonly DitArchitecture _architecture;
    private readonly ModulationRun?[,] _runOf;

    private DitModulations(
        DitArchitecture architecture,
        Tensor timePreactivation,
        Tensor timeHidden,
        Tensor timeEmbedding,
        Tensor condition,
        Tensor silu,
        Tensor gathered,
        ModulationRun[] runs)
    {
        (TimePreactivation, TimeHidden, TimeEmbedding, Condition) = (timePreactivation, timeHidden, timeEmbedding, condition);
        (_architecture, Silu, Gathered, Runs) = (architecture, silu, gathered, runs);
        _runOf = new ModulationRun?[architecture.Depth, ModulationParts.Count];
        for (int block = 0; block < architecture.Depth; block++)
        {
            foreach (ModulationPart part in Enum.GetValues<ModulationPart>())
            {
                int first = part.First(block, architecture.HiddenSize);
                _runOf[block, (int)part] = Array.Find(runs, run => run.First <= first && first < run.First + run.Values.Columns);
            }
        }
    }

    /// <summary>Hidden layer of the time MLP before its SiLU, [timesteps, C]; none unless a backward pass needs it.</summary>
    internal Tensor TimePreactivation { get; }

    /// <summary>Hidden layer of the time MLP, [timesteps, C].</summary>
    internal Tensor TimeHidden { get; }

    /// <summary>t_emb, [timesteps, C].</summary>
    internal Tensor TimeEmbedding { get; }

    /// <summary>c = t_emb + y_emb, [evaluations R, C]; none unless asked for.</summary>
    internal Tensor Condition { get; }

    /// <summary>SiLU(c), [evaluations R, C].</summary>
    internal Tensor Silu { get; }

    /// <summary>Scratch for the rows of one product; none when every evaluation needs everything.</summary>
    internal Tensor Gathered { get; }

    /// <summary>The products, in the order of their outputs.</summary>
    internal ModulationRun[] Runs { get; }

    /// <summary>The values of a part for one evaluation, [R, width]; none where it was said not to be needed.</summary>
    internal Tensor Part(int evaluation, int block, ModulationPart part)
    {
        int c = _architecture.HiddenSize;
        return _runOf[block, (int)part]?.Of(evaluation, part.First(block, c), part.Width() * c) ?? default;
    }

    /// <summary>Shift and scale before the final layer for one evaluation, [R,2C].</summary>
    internal Tensor Final(int evaluation) =>
        Runs[^1].Of(evaluation, ModulationParts.FirstOfFinal(_architecture), 2 * _architecture.HiddenSize);

    /// <summary>The norm with a shift and scale, [R,2C] in that order.</summary>
    internal static Norm Modulated(Tensor shiftScale)
    {
        int c = shiftScale.Columns / 2;
        return Norm.Modulated(shiftScale.SliceColumns(c, c), shiftScale.SliceColumns(0, c), DitPass.LayerNormEpsilon);
    }

    /// <summary>Uploads which rows each product gathers: once, after carving.</summary>
    internal void UploadIndices(Device device)
    {
        foreach (ModulationRun run in Runs)
        {
            if (!run.Indices.IsNone)
            {
                device.Upload(run.Indices, run.SourceRows());
            }
        }
    }

    /// <summary>Carves room for several groups that are computed one after another in the same memory.</summary>
    /// <param name="arena">Where.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="groups">Evaluations of each group; the first is the largest.</param>
    /// <param name="rows">R: rows per evaluation.</param>
    /// <param name="timesteps">Evaluations of the largest group, or one per row where rows of an evaluation differ in time.</param>
    /// <param name="keepCondition">Whether c itself is wanted, not only its SiLU.</param>
    /// <param name="keepPreactivation">Whether a backward pass needs the time MLP's.</param>
    /// <param name="needs">By group, evaluation of the group, block and part.</param>
    internal static DitModulations[] Take(
        Arena arena,
        DitArchitecture architecture,
        int[] groups,
        int rows,
        int timesteps,
        bool keepCondition,
        bool keepPreactivation,
        Func<int, int, int, ModulationPart, bool> needs)
    {
        int c = architecture.HiddenSize, most = groups[0];
        Tensor hidden = arena.Take(timesteps, c), embedding = arena.Take(timesteps, c);
        Tensor preactivation = keepPreactivation ? arena.Take(timesteps, c) : default;
        Tensor condition = keepCondition ? arena.Take(most * rows, c) : default;
        Tensor silu = arena.Take(most * rows, c);
        ModulationRun[][] runs = ModulationRun.Take(arena, architecture, groups, rows, needs);
        bool gathers = runs.Any(group => group.Any(run => !run.Indices.IsNone));
        Tensor gathered = gathers ? arena.Take(most * rows, c) : default;
        return [.. groups.Select((size, g) => new DitModulations(
            architecture,
            preactivation,
            hidden.SliceRows(0, timesteps / most * size),
            embedding.SliceRows(0, timesteps / most * size),
            condition,
            silu.SliceRows(0, size * rows),
            gathered,
            runs[g]))];
    }
}
