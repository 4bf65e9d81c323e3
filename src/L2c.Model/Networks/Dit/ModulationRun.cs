using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>Neighbouring vectors of the modulations that the same evaluations of a group need: one product computes them.</summary>
/// <param name="First">First output of <see cref="DitWeights.Modulations"/>.</param>
/// <param name="Evaluations">Which evaluations of the group, ascending.</param>
/// <param name="PerEvaluation">R: rows of each.</param>
/// <param name="Values">[evaluations R, outputs].</param>
/// <param name="Indices">Rows of SiLU(c) that the product reads, where that is not all of them.</param>
internal sealed record ModulationRun(int First, int[] Evaluations, int PerEvaluation, Tensor Values, Tensor Indices)
{
    /// <summary>Some outputs for one evaluation, [R, count]; none where it is not among <see cref="Evaluations"/>.</summary>
    public Tensor Of(int evaluation, int first, int count)
    {
        int position = Array.BinarySearch(Evaluations, evaluation);
        return position < 0 ? default : Values.SliceRows(position * PerEvaluation, PerEvaluation).SliceColumns(first - First, count);
    }

    /// <summary>The rows that <see cref="Indices"/> holds.</summary>
    public int[] SourceRows() => [.. Evaluations.SelectMany(e => Enumerable.Range(e * PerEvaluation, PerEvaluation))];

    /// <summary>Carves the runs of several groups that are computed one after another in the same memory.</summary>
    /// <param name="arena">Where.</param>
    /// <param name="a">The network.</param>
    /// <param name="groups">Evaluations of each group.</param>
    /// <param name="rows">R.</param>
    /// <param name="needs">By group, evaluation of the group, block and part. The final layer's are always needed.</param>
    /// <returns>By group, in the order of the outputs.</returns>
    public static ModulationRun[][] Take(Arena arena, DitArchitecture a, int[] groups, int rows, Func<int, int, int, ModulationPart, bool> needs)
    {
        Extent[][] extents = [.. groups.Select((size, g) => Extents(a, size, (e, block, part) => needs(g, e, block, part)))];

        // Lines of elements, so that every run starts as aligned as an arena's tensors.
        int line = Arena.AlignmentBytes / arena.StorageType.Size();
        Tensor memory = arena.Take(extents.Max(group => group.Sum(Lines)), line);
        return [.. extents.Select((group, g) => Place(group, groups[g]))];

        int Lines(Extent extent) => checked((int)((((long)extent.Evaluations.Length * rows * extent.Count) + line - 1) / line));

        ModulationRun[] Place(Extent[] group, int size)
        {
            var runs = new ModulationRun[group.Length];
            int at = 0;
            for (int i = 0; i < runs.Length; at += Lines(group[i++]))
            {
                (int first, int count, int[] evaluations) = group[i];
                int height = evaluations.Length * rows;
                Tensor values = memory.SliceRows(at, Lines(group[i])) with { Shape = new Shape(height, count), RowStride = count };
                Tensor indices = evaluations.Length < size ? arena.Take(DType.I32, height) : default;
                runs[i] = new ModulationRun(first, evaluations, rows, values, indices);
            }

            return runs;
        }
    }

    private static Extent[] Extents(DitArchitecture a, int size, Func<int, int, ModulationPart, bool> needs)
    {
        List<Extent> extents = [];
        for (int block = 0; block < a.Depth; block++)
        {
            foreach (ModulationPart part in Enum.GetValues<ModulationPart>())
            {
                Add(part.First(block, a.HiddenSize), part.Width() * a.HiddenSize, [.. Enumerable.Range(0, size).Where(e => needs(e, block, part))]);
            }
        }

        Add(ModulationParts.FirstOfFinal(a), 2 * a.HiddenSize, [.. Enumerable.Range(0, size)]);
        return [.. extents];

        void Add(int first, int count, int[] evaluations)
        {
            if (evaluations.Length == 0)
            {
                return;
            }

            if (extents is [.., Extent last] && last.First + last.Count == first && last.Evaluations.AsSpan().SequenceEqual(evaluations))
            {
                extents[^1] = last with { Count = last.Count + count };
            }
            else
            {
                extents.Add(new Extent(first, count, evaluations));
            }
        }
    }

    /// <summary>A run before it has memory.</summary>
    private sealed record Extent(int First, int Count, int[] Evaluations);
}
