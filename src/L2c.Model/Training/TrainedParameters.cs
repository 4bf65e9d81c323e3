using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>
/// Every trained parameter of a network in one F32 tensor, one after another in canonical order, and in further tensors of the same layout its
/// gradient, moments and moving average: so that the optimiser is one op.
/// </summary>
internal sealed class TrainedParameters
{
    // Values that a parameter's start is a multiple of: rows of the parameters start as aligned as an arena's tensors.
    private const int Alignment = Arena.AlignmentBytes / sizeof(float);

    private readonly Dictionary<string, (int Offset, int Count)> _places;
    private readonly Tensor[] _states;

    private TrainedParameters(Dictionary<string, (int Offset, int Count)> places, Tensor[] states) => (_places, _states) = (places, states);

    /// <summary>Values of one state, gaps included.</summary>
    public int Length => _states[0].Columns;

    /// <summary>Carves room for every state.</summary>
    public static TrainedParameters Take(Arena arena, TransformerArchitecture architecture)
    {
        NetworkFamily family = NetworkFamilies.Of(architecture);
        Dictionary<string, (int, int)> places = [];
        int length = 0;
        foreach ((string name, long[] shape) in family.Tensors(architecture).Where(tensor => family.IsTrained(tensor.Name)))
        {
            int count = checked((int)shape.Aggregate(1L, (product, extent) => product * extent));
            places.Add(name, (length, count));
            length = checked(length + count + Alignment - 1) / Alignment * Alignment;
        }

        return new TrainedParameters(places, [.. Enum.GetValues<ParameterState>().Select(_ => arena.Take(DType.F32, length))]);
    }

    /// <summary>Whether a tensor is trained.</summary>
    public bool Has(string name) => _places.ContainsKey(name);

    /// <summary>All values of a state, [<see cref="Length"/>].</summary>
    public Tensor All(ParameterState state) => _states[(int)state];

    /// <summary>One parameter's values of a state, contiguous, under a shape of as many elements.</summary>
    public Tensor View(ParameterState state, string name, params ReadOnlySpan<int> extents)
    {
        (int offset, int count) = _places[name];
        return Slice(All(state), offset, count).Reshape(extents);
    }

    /// <summary>One parameter's values of a state, [count].</summary>
    public Tensor View(ParameterState state, string name) => View(state, name, _places[name].Count);

    /// <summary>Some consecutive elements of a contiguous tensor, [count].</summary>
    public static Tensor Slice(Tensor tensor, int first, int count) =>
        tensor.Reshape(checked((int)tensor.Shape.Count), 1).SliceRows(first, count).Reshape(count);
}
