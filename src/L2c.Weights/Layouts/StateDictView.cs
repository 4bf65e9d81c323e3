using System.Globalization;

namespace L2c.Weights.Layouts;

/// <summary>The weights of one model inside a file: the nested dictionary that was chosen, its wrappers' prefixes stripped.</summary>
internal sealed class StateDictView
{
    private const int MaxBlocks = 1 << 16;

    // What training scripts save beside the weights: never part of a model, so not worth an error.
    private static readonly string[] _bookkeeping =
    [
        "model.", "ema.", "opt.", "optimizer.", "optimizer_states.", "lr_scheduler.", "lr_schedulers.", "scheduler.", "scaler.", "callbacks.",
        "loops.", "log.", "args.", "cfg.", "config.",
    ];

    private const string LatentDiffusionVae = "first_stage_model.";

    private StateDictView(TensorFile file, string nest, OrderedDictionary<string, TensorInfo> tensors, List<string> ignored)
    {
        File = file;
        Nest = nest;
        Tensors = tensors;
        Ignored = ignored;
    }

    /// <summary>The file.</summary>
    public TensorFile File { get; }

    /// <summary>Prefix of the chosen dictionary in the file, as <c>ema.</c>; empty when the file is the dictionary.</summary>
    public string Nest { get; }

    /// <summary>Tensors by name without the prefixes, in file order.</summary>
    public OrderedDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Names in the file that belong to something else: optimiser state, the other set of weights, other networks.</summary>
    public List<string> Ignored { get; }

    /// <summary>Chooses the dictionary.</summary>
    /// <exception cref="MalformedFileException">The set asked for is not in the file, or a name occurs twice once prefixes are gone.</exception>
    public static StateDictView Select(TensorFile file, WeightSet? use)
    {
        List<TensorInfo> all = [.. file.Tensors];
        string root = all.Any(t => t.Name.StartsWith("state_dict.", StringComparison.Ordinal)) ? "state_dict." : "";
        string nest = root + ChooseNest(file, prefix => all.Any(t => t.Name.StartsWith(root + prefix, StringComparison.Ordinal)), use);
        List<TensorInfo> inside = [.. all.Where(t => t.Name.StartsWith(nest, StringComparison.Ordinal))];
        List<string> ignored = [];
        bool everythingElse = nest.EndsWith(LatentDiffusionVae, StringComparison.Ordinal);
        List<TensorInfo> strays = [];
        foreach (TensorInfo tensor in all.Where(t => !t.Name.StartsWith(nest, StringComparison.Ordinal)))
        {
            string name = tensor.Name.StartsWith(root, StringComparison.Ordinal) ? tensor.Name[root.Length..] : tensor.Name;
            if (everythingElse || _bookkeeping.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                ignored.Add(tensor.Name);
            }
            else
            {
                strays.Add(tensor);
            }
        }

        const string parallel = "module.";
        string prefix = inside.Count > 0 && inside.All(t => t.Name.AsSpan(nest.Length).StartsWith(parallel)) ? nest + parallel : nest;
        OrderedDictionary<string, TensorInfo> tensors = [];
        foreach ((string name, TensorInfo tensor) in inside.Select(t => (t.Name[prefix.Length..], t)).Concat(strays.Select(t => (t.Name, t))))
        {
            if (!tensors.TryAdd(name, tensor))
            {
                throw new MalformedFileException(
                    file.Path,
                    $"holds {FileText.Printable(tensors[name].Name)} and {FileText.Printable(tensor.Name)}, which mean the same; keep one of them");
            }
        }

        return new StateDictView(file, prefix, tensors, ignored);
    }

    /// <summary>Whether a tensor of that name is there.</summary>
    public bool Has(string name) => Tensors.ContainsKey(name);

    /// <summary>The extent that most of these tensors agree on, so that one damaged tensor is reported rather than followed.</summary>
    /// <param name="what">Its name in messages.</param>
    /// <param name="places">Tensor names and the axis to look at; those that are absent or have fewer axes do not vote. Ties go to the first.</param>
    /// <exception cref="MalformedFileException">None of them is there, or the extent does not fit an int.</exception>
    public int Extent(string what, params IEnumerable<(string Name, int Axis)> places)
    {
        List<(string Name, int Axis)> asked = [.. places];
        long[] votes = [.. asked
            .Where(place => Tensors.TryGetValue(place.Name, out TensorInfo? tensor) && tensor.Shape.Length > place.Axis)
            .Select(place => Tensors[place.Name].Shape[place.Axis])];
        if (votes.Length == 0)
        {
            throw new MalformedFileException(
                File.Path, $"has no tensor {asked[0].Name} of the expected rank, which tells the {what}; is this a whole checkpoint?");
        }

        long winner = votes.GroupBy(extent => extent).MaxBy(group => group.Count())!.Key;
        return winner is > 0 and <= int.MaxValue
            ? (int)winner
            : throw new MalformedFileException(File.Path, $"has a {what} of {winner} according to {asked[0].Name}; this is not a usable model");
    }

    /// <summary>One more than the largest N among names <c>{prefix}N.</c>; 0 when there is none.</summary>
    public int CountBlocks(string prefix)
    {
        int count = 0;
        foreach (string name in Tensors.Keys)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
            {
                continue;
            }

            ReadOnlySpan<char> rest = name.AsSpan(prefix.Length);
            int dot = rest.IndexOf('.');
            if (dot > 0 && int.TryParse(rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < MaxBlocks)
            {
                count = Math.Max(count, index + 1);
            }
        }

        return count;
    }

    private static string ChooseNest(TensorFile file, Func<string, bool> holds, WeightSet? use)
    {
        if (holds(LatentDiffusionVae))
        {
            return LatentDiffusionVae;
        }

        bool ema = holds("ema.");
        bool model = holds("model.");
        return use switch
        {
            WeightSet.Ema when !ema => throw new MalformedFileException(
                file.Path, "has no weights under 'ema'; omit --use to take what is there"),
            WeightSet.Model when ema && !model => throw new MalformedFileException(
                file.Path, "has weights under 'ema' but none under 'model'; give --use ema"),
            not WeightSet.Model when ema => "ema.",
            _ when model => "model.",
            _ => holds("routers.") ? "routers." : "",
        };
    }
}
