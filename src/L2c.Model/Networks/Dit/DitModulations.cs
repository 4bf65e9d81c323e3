using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>
/// Room for the shift, scale and gate vectors of a group of evaluations. They depend on timestep and label alone, so the whole group is computed by
/// one tall GEMM per block and part, before the group's first evaluation.
/// </summary>
/// <remarks>
/// Each evaluation has R rows: one per image and, with guidance, one for the null label. Only the evaluations that need a part have rows in it.
/// </remarks>
internal sealed class DitModulations
{
    private readonly Rows[,] _parts;

    private DitModulations(
        Tensor timePreactivation,
        Tensor timeHidden,
        Tensor timeEmbedding,
        Tensor condition,
        Tensor silu,
        Tensor gathered,
        Rows[,] parts,
        Tensor final)
    {
        (TimePreactivation, TimeHidden, TimeEmbedding, Condition) = (timePreactivation, timeHidden, timeEmbedding, condition);
        (Silu, Gathered, _parts, Final) = (silu, gathered, parts, final);
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

    /// <summary>Scratch for the rows of one part's GEMM; none when every part needs every evaluation.</summary>
    internal Tensor Gathered { get; }

    /// <summary>[evaluations R, 2C]: shift, scale.</summary>
    internal Tensor Final { get; }

    /// <summary>The values of a part for one evaluation, [R, width]; none where it was said not to be needed.</summary>
    internal Tensor Part(int evaluation, int block, ModulationPart part) => _parts[block, (int)part].Of(evaluation);

    /// <summary>The rows of a part, computed together.</summary>
    internal Rows PartRows(int block, ModulationPart part) => _parts[block, (int)part];

    /// <summary>Shift and scale before the final layer for one evaluation, [R,2C].</summary>
    internal Tensor FinalOf(int evaluation, int evaluations) => Final.SliceRows(evaluation * (Final.Rows / evaluations), Final.Rows / evaluations);

    /// <summary>The norm with a shift and scale, [R,2C] in that order.</summary>
    internal static Norm Modulated(Tensor shiftScale)
    {
        int c = shiftScale.Columns / 2;
        return Norm.Modulated(shiftScale.SliceColumns(c, c), shiftScale.SliceColumns(0, c), DitPass.LayerNormEpsilon);
    }

    /// <summary>Uploads which rows each GEMM gathers: once, after carving.</summary>
    internal void UploadIndices(Device device)
    {
        foreach (Rows part in _parts)
        {
            if (!part.Indices.IsNone)
            {
                device.Upload(part.Indices, part.SourceRows());
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
        Tensor silu = arena.Take(most * rows, c), final = arena.Take(most * rows, 2 * c);
        var parts = groups.Select(_ => new Rows[architecture.Depth, ModulationParts.Count]).ToArray();
        bool gathers = false;
        for (int block = 0; block < architecture.Depth; block++)
        {
            foreach (ModulationPart part in Enum.GetValues<ModulationPart>())
            {
                int[][] needed = [.. groups.Select((size, g) => Enumerable.Range(0, size).Where(e => needs(g, e, block, part)).ToArray())];
                int largest = needed.Max(list => list.Length);
                Tensor memory = largest == 0 ? default : arena.Take(largest * rows, part.Width() * c);
                for (int g = 0; g < groups.Length; g++)
                {
                    int count = needed[g].Length;
                    Tensor values = count == 0 ? default : memory.SliceRows(0, count * rows);
                    bool partial = count > 0 && count < groups[g];
                    gathers |= partial;
                    parts[g][block, (int)part] = new Rows(needed[g], rows, values, partial ? arena.Take(DType.I32, count * rows) : default);
                }
            }
        }

        Tensor gathered = gathers ? arena.Take(most * rows, c) : default;
        return [.. groups.Select((size, g) => new DitModulations(
            preactivation,
            hidden.SliceRows(0, timesteps / most * size),
            embedding.SliceRows(0, timesteps / most * size),
            condition,
            silu.SliceRows(0, size * rows),
            gathered,
            parts[g],
            final.SliceRows(0, size * rows)))];
    }

    /// <summary>The rows of one part of one block for the evaluations of a group that need it.</summary>
    /// <param name="Evaluations">Which, ascending.</param>
    /// <param name="PerEvaluation">R.</param>
    /// <param name="Values">[evaluations R, width]; none when no evaluation needs the part.</param>
    /// <param name="Indices">Rows of SiLU(c) that the GEMM reads, where that is not all of them.</param>
    internal sealed record Rows(int[] Evaluations, int PerEvaluation, Tensor Values, Tensor Indices)
    {
        /// <summary>[R, width] of one evaluation, or none.</summary>
        public Tensor Of(int evaluation)
        {
            int position = Array.BinarySearch(Evaluations, evaluation);
            return position < 0 ? default : Values.SliceRows(position * PerEvaluation, PerEvaluation);
        }

        /// <summary>The rows that <see cref="Indices"/> holds.</summary>
        public int[] SourceRows() => [.. Evaluations.SelectMany(e => Enumerable.Range(e * PerEvaluation, PerEvaluation))];
    }
}
