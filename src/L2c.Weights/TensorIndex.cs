namespace L2c.Weights;

/// <summary>The tensors of one file in order and by name, and the checks that every reader makes on a read.</summary>
/// <typeparam name="T">What the format keeps about where a tensor's elements lie.</typeparam>
internal sealed class TensorIndex<T>
{
    private readonly Dictionary<string, int> _byName;
    private readonly TensorInfo[] _tensors;
    private readonly T[] _places;

    public TensorIndex(IReadOnlyList<(TensorInfo Info, T Place)> entries)
    {
        _byName = new Dictionary<string, int>(entries.Count, StringComparer.Ordinal);
        _tensors = new TensorInfo[entries.Count];
        _places = new T[entries.Count];
        for (int i = 0; i < entries.Count; i++)
        {
            (_tensors[i], _places[i]) = entries[i];
            _byName.Add(_tensors[i].Name, i);
        }
    }

    public IReadOnlyList<TensorInfo> Tensors => _tensors;

    public TensorInfo? Find(string name) => _byName.TryGetValue(name, out int index) ? _tensors[index] : null;

    /// <summary>Where the tensor lies, once the request is known to be whole elements inside it.</summary>
    /// <exception cref="ArgumentException">The tensor is of another file, or the range leaves it or splits an element.</exception>
    public T Locate(TensorInfo tensor, long firstElement, int byteCount)
    {
        if (!_byName.TryGetValue(tensor.Name, out int index) || !ReferenceEquals(_tensors[index], tensor))
        {
            throw new ArgumentException($"{tensor} is not a tensor of this file", nameof(tensor));
        }

        int size = tensor.Type.Size();
        if (byteCount % size != 0)
        {
            throw new ArgumentException($"{byteCount} bytes are not whole elements of {tensor}", nameof(byteCount));
        }

        if (firstElement < 0 || firstElement > tensor.Count - (byteCount / size))
        {
            throw new ArgumentOutOfRangeException(nameof(firstElement), $"elements {firstElement} + {byteCount / size} leave {tensor}");
        }

        return _places[index];
    }

    /// <summary>Refuses booleans other than 0 and 1, which later code would trust.</summary>
    public static void CheckBooleans(TensorInfo tensor, ReadOnlySpan<byte> elements, string path)
    {
        if (tensor.Type == TensorType.Bool && elements.IndexOfAnyExceptInRange((byte)0, (byte)1) is int at and >= 0)
        {
            throw new MalformedFileException(
                path, $"tensor {FileText.Printable(tensor.Name)} is BOOL but holds the byte {elements[at]}; write it again as 0 and 1, or as U8");
        }
    }
}
