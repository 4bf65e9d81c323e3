using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace L2c.Weights.PyTorch;

/// <summary>Writes the pickle (protocol 2) of a dictionary of tensors as torch.save has it in data.pkl; storages stay outside, by key.</summary>
/// <remarks>
/// The opcodes are among those that <c>torch.load(weights_only=True)</c> interprets. Nothing is memoised, so the bytes follow from the dictionary
/// alone.
/// Source: CPython's pickletools for the opcodes; recorded files for the calls.
/// </remarks>
internal sealed class TorchPickleWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>
    /// The pickle of <c>OrderedDict(name: tensor, ...)</c>, inside <c>{nest: ...}</c> where a nest is named. Tensor i has storage "i".
    /// </summary>
    public static byte[] Write(string? nest, IReadOnlyList<TensorInfo> tensors)
    {
        TorchPickleWriter self = new();
        self.Op(PickleOpcode.Proto, 2);
        if (nest is not null)
        {
            self.Op(PickleOpcode.EmptyDict);
            self.Text(nest);
        }

        self.OrderedDict();
        self.Op(PickleOpcode.Mark);
        for (int i = 0; i < tensors.Count; i++)
        {
            self.Text(tensors[i].Name);
            self.Tensor(i, tensors[i]);
        }

        self.Op(PickleOpcode.SetItems);
        if (nest is not null)
        {
            self.Op(PickleOpcode.SetItem);
        }

        self.Op(PickleOpcode.Stop);
        return self._bytes.WrittenSpan.ToArray();
    }

    /// <summary>_rebuild_tensor_v2(storage, offset 0, size, stride, requires_grad False, backward hooks: none).</summary>
    private void Tensor(int key, TensorInfo tensor)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Op(PickleOpcode.Mark);
        Op(PickleOpcode.Mark);
        Text("storage");
        Global("torch", "FloatStorage");
        Text(key.ToString(CultureInfo.InvariantCulture));
        Text("cpu");
        Integer(tensor.Count);
        Op(PickleOpcode.Tuple, PickleOpcode.BinPersId);
        Integer(0);
        Tuple(tensor.Shape);
        Tuple(Strides(tensor.Shape));
        Op(PickleOpcode.NewFalse);
        OrderedDict();
        Op(PickleOpcode.Tuple, PickleOpcode.Reduce);
    }

    private static long[] Strides(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return strides;
    }

    private void OrderedDict()
    {
        Global("collections", "OrderedDict");
        Op(PickleOpcode.EmptyTuple, PickleOpcode.Reduce);
    }

    private void Tuple(long[] values)
    {
        Op(PickleOpcode.Mark);
        foreach (long value in values)
        {
            Integer(value);
        }

        Op(PickleOpcode.Tuple);
    }

    private void Integer(long value)
    {
        Span<byte> word = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(word, checked((int)value));
        Op(PickleOpcode.BinInt);
        _bytes.Write(word);
    }

    private void Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        Op(PickleOpcode.BinUnicode);
        _bytes.Write(length);
        _bytes.Write(utf8);
    }

    private void Global(string module, string name)
    {
        Op(PickleOpcode.Global);
        _bytes.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }

    private void Op(params ReadOnlySpan<byte> opcodes) => _bytes.Write(opcodes);
}
