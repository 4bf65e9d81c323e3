using System.Globalization;

namespace L2c.Weights.PyTorch;

/// <summary>Turns the nested value of a pickle into tensors and scalars with dotted names.</summary>
/// <remarks>
/// A forged pickle can nest a value in itself, or ten times on each of many levels; depth is bounded, and naming a value takes steps of the pickle's
/// <see cref="WorkBudget"/>. Views may repeat elements (stride 0, shared storages), so the size of all tensors is bounded by a multiple of the
/// storages behind them.
/// </remarks>
internal sealed class StateDict
{
    private readonly string _path;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly WorkBudget _work;

    private StateDict(string path, WorkBudget work) => (_path, _work) = (path, work);

    /// <summary>The tensors in the pickle's order.</summary>
    public List<(TensorInfo Info, TorchTensor Place)> Tensors { get; } = [];

    /// <summary>Numbers, booleans, texts and Nones by dotted name.</summary>
    public Dictionary<string, object?> Scalars { get; } = new(StringComparer.Ordinal);

    /// <summary>Flattens the value of a pickle.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="root">The value.</param>
    /// <param name="storages">All storages that it refers to.</param>
    /// <param name="work">What is left of the pickle's steps.</param>
    /// <exception cref="MalformedFileException">Two values get the same name, or a bound is exceeded.</exception>
    public static StateDict Flatten(string path, object? root, IEnumerable<TorchStorage> storages, WorkBudget work)
    {
        StateDict result = new(path, work);
        result.Visit(root is TorchTensor ? "tensor" : null, root, 0);
        decimal stored = storages.Sum(s => (decimal)s.Bytes), read = result.Tensors.Sum(t => (decimal)t.Info.Bytes);
        return read <= (ReadLimits.ViewRatio * stored) + ReadLimits.FreeViewBytes
            ? result
            : throw new MalformedFileException(path, $"views expand {stored} bytes of storage to {read}; save contiguous copies of the tensors");
    }

    private void Visit(string? name, object? value, int depth)
    {
        switch (value)
        {
            case PickleDict dict:
                VisitAll(name, dict.Items, depth);
                break;
            case PickleRecord record:
                VisitAll(name, record.Fields?.Items ?? [], depth);
                break;
            case PickleList list:
                VisitAll(name, Numbered(list.Items), depth);
                break;
            case PickleTuple tuple:
                VisitAll(name, Numbered(tuple.Items), depth);
                break;
            case TorchTensor tensor:
                Add(name!);
                Tensors.Add((new TensorInfo(name!, tensor.Type, tensor.Size), tensor));
                break;
            case long or double or bool or string or null:
                Add(name ?? "value");
                Scalars.Add(name ?? "value", value);
                break;
            case PickleBytes or PickleOther or TorchType or NumpyType:
                break;
            default:
                throw Broken($"{FileText.Printable(name ?? "its value")} is neither tensor nor plain value");
        }
    }

    private void VisitAll(string? prefix, IEnumerable<KeyValuePair<string, object?>> items, int depth)
    {
        foreach ((string key, object? value) in items)
        {
            long length = key.Length + (prefix is null ? 0 : prefix.Length + 1L);
            if (depth == ReadLimits.PickleDepth || length > ReadLimits.NameLength)
            {
                throw Broken($"its values are nested deeper than {ReadLimits.PickleDepth} or named longer than {ReadLimits.NameLength}");
            }

            _work.SpendOnName(length);
            Visit(prefix is null ? key : $"{prefix}.{key}", value, depth + 1);
        }
    }

    private void Add(string name)
    {
        if (!_names.Add(name))
        {
            throw Broken($"two values are named {FileText.Printable(name)}");
        }
    }

    private static IEnumerable<KeyValuePair<string, object?>> Numbered(IReadOnlyList<object?> items) =>
        items.Select((item, index) => KeyValuePair.Create(index.ToString(CultureInfo.InvariantCulture), item));

    private MalformedFileException Broken(string rule) => new(_path, $"{rule}; save the state dict alone or convert it to safetensors");
}
