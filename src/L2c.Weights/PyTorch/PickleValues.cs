using System.Globalization;

namespace L2c.Weights.PyTorch;

/// <summary>What a global of the allow-list stands for. A value, never code: the interpreter knows what each may be used for.</summary>
internal enum PickleGlobal
{
    OrderedDict,
    Namespace,
    RebuildTensor,
    RebuildTensorOfType,
    RebuildParameter,
    Size,
    Device,
    DoubleStorage,
    FloatStorage,
    HalfStorage,
    BFloat16Storage,
    LongStorage,
    IntStorage,
    ShortStorage,
    CharStorage,
    ByteStorage,
    BoolStorage,
    UntypedStorage,
    Encode,
    Bytes,
    ByteArray,
    Set,
    NumpyType,
    NumpyScalar,
    NumpyArray,
    NumpyReconstruct,
    NumpyFromBuffer,
}

/// <summary>A Python tuple.</summary>
internal sealed record PickleTuple(object?[] Items);

/// <summary>A Python list.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A Python dict or OrderedDict with keys that are texts, integers (their decimal digits) or booleans (True, False).</summary>
internal sealed class PickleDict
{
    private OrderedDictionary<string, object?>? _items;

    public IEnumerable<KeyValuePair<string, object?>> Items => _items ?? Enumerable.Empty<KeyValuePair<string, object?>>();

    public bool TryGet(string key, out object? value)
    {
        value = null;
        return _items is not null && _items.TryGetValue(key, out value);
    }

    /// <summary>Adds an item; false when the key is already there.</summary>
    public bool TryAdd(string key, object? value) => (_items ??= new OrderedDictionary<string, object?>(StringComparer.Ordinal)).TryAdd(key, value);

    /// <summary>The text of a key, or null for a kind of key that the names of weights do not have.</summary>
    public static string? KeyText(object? key) => key switch
    {
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        true => "True",
        false => "False",
        _ => null,
    };
}

/// <summary>An <c>argparse.Namespace</c>: named values, nothing that acts.</summary>
internal sealed class PickleRecord
{
    /// <summary>The values by name; null until they are set.</summary>
    public PickleDict? Fields { get; set; }
}

/// <summary>A value that lies beside weights and is omitted: a set, a long integer, an array of NumPy. Nothing of it is kept.</summary>
internal sealed class PickleOther
{
    private PickleOther()
    {
    }

    public static PickleOther Value { get; } = new();
}

/// <summary>Python bytes; of more than <see cref="MostKept"/>, which no number has, the content is not kept.</summary>
internal sealed record PickleBytes(byte[]? Content)
{
    public const int MostKept = 16;
}

/// <summary>A dtype of PyTorch; the type is null where no tensor of it is read.</summary>
internal sealed record TorchType(TensorType? Type);

/// <summary>A storage that the pickle refers to: a run of elements that lies outside it.</summary>
/// <param name="Key">Name of the storage in the container.</param>
/// <param name="Type">Element type; U8 where the tensors say theirs.</param>
/// <param name="Count">Number of elements.</param>
internal sealed record TorchStorage(string Key, TensorType Type, long Count)
{
    public long Bytes => checked(Count * Type.Size());
}
