using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Training.Data;

/// <summary>
/// The items of one file or one pair of files: a tensor [n, C, H, W] of images or latents, or [n, views, 2C, H, W] of moments, and one of n labels.
/// </summary>
internal sealed class LabelledTensors : IDisposable
{
    /// <summary>Names of the items' tensor, and what an npy file of it is called.</summary>
    public static readonly string[] ItemNames = ["latents", "images"];

    /// <summary>Name of a tensor of moments.</summary>
    public const string MomentName = "moments";

    /// <summary>Name of the labels' tensor.</summary>
    public const string LabelName = "labels";

    private const int MostViews = 2;

    private readonly TensorFile _items;
    private readonly TensorFile _labels;
    private readonly TensorInfo _item;
    private readonly TensorInfo _label;

    private LabelledTensors(TensorFile items, TensorFile labels)
    {
        (_items, _labels) = (items, labels);
        bool pair = !ReferenceEquals(items, labels);
        _item = pair
            ? items.Tensors[0]
            : ItemNames.Append(MomentName).Select(items.Find).FirstOrDefault(tensor => tensor is not null)
                ?? throw Malformed(items, "has neither latents nor images nor moments", "name the tensor [n, C, H, W] so");
        _label = pair ? labels.Tensors[0] : labels.Find(LabelName) ?? throw Malformed(labels, "has no labels", "name the tensor [n] so");
        Form = FindForm(_item, isMoments: !pair && _item.Name == MomentName)
            ?? throw Malformed(items, $"has {_item}", "items are [n, C, H, H] of floating point, or of U8 for images; moments [n, 1 or 2, 2C, H, H]");
        if (_label.Count != _item.Shape[0] || _label.Type is not (TensorType.I64 or TensorType.I32 or TensorType.U8))
        {
            throw Malformed(labels, $"has {_label} for {_item.Shape[0]} items", "labels are one integer per item");
        }
    }

    /// <summary>n.</summary>
    public long Count => _item.Shape[0];

    /// <summary>What every item is.</summary>
    public ItemForm Form { get; }

    /// <summary>Opens a safetensors file with both tensors.</summary>
    /// <exception cref="MalformedFileException">It is damaged, or lacks one of them.</exception>
    public static LabelledTensors Open(string path)
    {
        TensorFile file = TensorFiles.Open(path);
        try
        {
            // The other formats with names are slow to read at random.
            return file.Format == "safetensors"
                ? new LabelledTensors(file, file)
                : throw Malformed(file, $"is {file.Format}", "give safetensors, or npy pairs");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a pair of npy files.</summary>
    /// <exception cref="MalformedFileException">One is damaged or no npy file, or they do not fit each other.</exception>
    public static LabelledTensors Open(string items, string labels)
    {
        TensorFile first = TensorFiles.Open(items);
        TensorFile? second = null;
        try
        {
            second = TensorFiles.Open(labels);
            TensorFile? other = first.Format != "npy" ? first : second.Format != "npy" ? second : null;
            return other is null ? new LabelledTensors(first, second) : throw Malformed(other, $"is {other.Format}", "save it with numpy.save");
        }
        catch
        {
            first.Dispose();
            second?.Dispose();
            throw;
        }
    }

    /// <summary>Reads an item.</summary>
    /// <param name="row">0 .. n - 1.</param>
    /// <param name="view">Of moments which view; otherwise 0.</param>
    /// <param name="values">Receives the values of the view; U8 becomes x / 127.5 - 1.</param>
    /// <exception cref="MalformedFileException">The file ends early, or a value is not finite.</exception>
    public void Read(long row, int view, Span<float> values)
    {
        values = values[..Form.Length];
        long first = ((row * Math.Max(1, Form.Views)) + view) * values.Length;
        if (_item.Type == TensorType.F32)
        {
            _items.ReadBytes(_item, first, MemoryMarshal.AsBytes(values));
        }
        else
        {
            int bytes = values.Length * _item.Type.Size();
            byte[] stored = ArrayPool<byte>.Shared.Rent(bytes);
            _items.ReadBytes(_item, first, stored.AsSpan(0, bytes));
            Widen(stored.AsSpan(0, bytes), _item.Type, values);
            ArrayPool<byte>.Shared.Return(stored);
        }

        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                throw Malformed(_items, $"item {row} has a value that is not finite in fp32", "repair or remove the item");
            }
        }
    }

    /// <summary>Reads a label.</summary>
    /// <param name="row">0 .. n - 1.</param>
    /// <param name="classes">Labels must be below it.</param>
    /// <exception cref="MalformedFileException">The label is out of range.</exception>
    public int ReadLabel(long row, long classes)
    {
        Span<byte> stored = stackalloc byte[_label.Type.Size()];
        _labels.ReadBytes(_label, row, stored);
        long label = Integer(stored);
        return label >= 0 && label < classes
            ? (int)label
            : throw Malformed(_labels, $"item {row} has the label {label}, and classes are 0 to {classes - 1}", "correct it, or use another model");
    }

    /// <summary>The largest label.</summary>
    /// <param name="cancel">Looked at before every label.</param>
    /// <exception cref="MalformedFileException">A label is negative or beyond 2^31 - 2.</exception>
    public int LargestLabel(CancellationToken cancel)
    {
        int largest = 0;
        for (long row = 0; row < Count; row++)
        {
            cancel.ThrowIfCancellationRequested();
            largest = Math.Max(largest, ReadLabel(row, int.MaxValue));
        }

        return largest;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _items.Dispose();
        _labels.Dispose();
    }

    /// <summary>What a tensor holds; null where its shape or type is not that of items.</summary>
    private static ItemForm? FindForm(TensorInfo item, bool isMoments)
    {
        bool isFloat = item.Type is TensorType.F64 or TensorType.F32 or TensorType.F16 or TensorType.BF16;
        return (isMoments, item.Shape) switch
        {
            (true, [> 0, > 0 and <= MostViews and var views, > 0 and var channels, > 0 and var height, var width])
                when isFloat && channels % 2 == 0 && height == width => Checked(channels, height, views),
            (false, [> 0, > 0 and var channels, > 0 and var height, var width])
                when (isFloat || item.Type == TensorType.U8) && height == width => Checked(channels, height, 0),
            _ => null,
        };

        static ItemForm Checked(long channels, long size, long views) => new(checked((int)channels), checked((int)size), (int)views);
    }

    private static long Integer(ReadOnlySpan<byte> stored) => stored.Length switch
    {
        sizeof(long) => BinaryPrimitives.ReadInt64LittleEndian(stored),
        sizeof(int) => BinaryPrimitives.ReadInt32LittleEndian(stored),
        _ => stored[0],
    };

    private static void Widen(ReadOnlySpan<byte> stored, TensorType type, Span<float> values)
    {
        if (type != TensorType.U8)
        {
            _ = FloatConversion.Convert(stored, type, MemoryMarshal.AsBytes(values), TensorType.F32);
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (stored[i] / 127.5f) - 1;
        }
    }

    private static MalformedFileException Malformed(TensorFile file, string problem, string remedy) => new(file.Path, $"{problem}; {remedy}");
}
