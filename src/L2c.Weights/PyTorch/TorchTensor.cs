namespace L2c.Weights.PyTorch;

/// <summary>A strided view of a storage; all quantities in elements of its own type. Every element is known to lie inside the storage.</summary>
internal sealed class TorchTensor
{
    private TorchTensor(TorchStorage storage, TensorType type, long offset, long[] size, long[] stride)
    {
        Storage = storage;
        Type = type;
        Offset = offset;
        Size = size;
        Stride = stride;
        IsContiguous = Contiguous(size, stride);
    }

    public TorchStorage Storage { get; }

    public TensorType Type { get; }

    public long Offset { get; }

    public long[] Size { get; }

    public long[] Stride { get; }

    /// <summary>Whether row-major order is the order of the storage.</summary>
    public bool IsContiguous { get; }

    /// <summary>Makes the view, or says in <paramref name="fault"/> why it cannot be.</summary>
    public static TorchTensor? Create(TorchStorage storage, TensorType type, long offset, long[] size, long[] stride, out string fault)
    {
        if (Problem(storage.Bytes / type.Size(), type.Size(), offset, size, stride) is { } problem)
        {
            fault = $"a view of offset {offset}, size ({string.Join(", ", size.Take(8))}), stride ({string.Join(", ", stride.Take(8))}) {problem}";
            return null;
        }

        fault = "";
        return new TorchTensor(storage, type, offset, size, stride);
    }

    private static string? Problem(long stored, int elementBytes, long offset, long[] size, long[] stride)
    {
        if (size.Length != stride.Length)
        {
            return "has mismatched axes";
        }

        if (offset < 0 || size.Any(s => s < 0) || stride.Any(s => s < 0))
        {
            return "has a negative part";
        }

        try
        {
            long count = 1, last = offset;
            for (int axis = 0; axis < size.Length; axis++)
            {
                count = checked(count * size[axis]);
                last = checked(last + (Math.Max(size[axis] - 1, 0) * stride[axis]));
            }

            _ = checked(count * elementBytes);
            bool fits = count > 0 ? last < stored : offset <= stored;
            return fits ? null : $"leaves its storage of {stored} elements";
        }
        catch (OverflowException)
        {
            return "overflows 64 bits";
        }
    }

    private static bool Contiguous(long[] size, long[] stride)
    {
        long expected = 1;
        for (int axis = size.Length - 1; axis >= 0; axis--)
        {
            if (size[axis] == 0)
            {
                return true;
            }

            if (size[axis] != 1 && stride[axis] != expected)
            {
                return false;
            }

            expected *= size[axis];
        }

        return true;
    }
}
