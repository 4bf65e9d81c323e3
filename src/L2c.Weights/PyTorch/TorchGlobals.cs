using System.Text;

namespace L2c.Weights.PyTorch;

/// <summary>The allow-list: which globals a pickle may name, and what a call of each builds.</summary>
internal static class TorchGlobals
{
    private static readonly Dictionary<(string Module, string Name), object> _allowed = Allowed();

    /// <summary>What a global stands for.</summary>
    /// <exception cref="MalformedFileException">It is not on the list.</exception>
    public static object Resolve(PickleInput input, string module, string name)
    {
        input.Work.SpendOnText(module.Length + name.Length);
        return _allowed.TryGetValue((module, name), out object? global)
            ? global
            : throw input.Broken($"pickle asks for {FileText.Printable($"{module}.{name}")}, which is not allowed");
    }

    /// <summary>Builds what a call of <paramref name="callable"/> returns.</summary>
    /// <exception cref="MalformedFileException">It may not be called, or not so.</exception>
    public static object Call(PickleInput input, object? callable, object?[] arguments) => (callable, arguments) switch
    {
        (PickleGlobal.OrderedDict, []) => new PickleDict(),
        // Hooks, and since PyTorch 2.0 metadata, follow; neither changes the elements.
        (PickleGlobal.RebuildTensor, [TorchStorage storage, long offset, PickleTuple size, PickleTuple stride, bool, _, ..])
            when arguments.Length <= 7 => Tensor(input, storage, storage.Type, offset, size, stride),
        (PickleGlobal.RebuildTensorOfType, [TorchStorage storage, long offset, PickleTuple size, PickleTuple stride, bool, _, TorchType { Type: { } type }, ..])
            when arguments.Length <= 8 => Tensor(input, storage, type, offset, size, stride),
        (PickleGlobal.RebuildParameter, [TorchTensor tensor, bool, _]) => tensor,
        (PickleGlobal.Size, [PickleTuple sizes]) => sizes,
        (PickleGlobal.Device, [string] or [string, long]) => PickleOther.Value,
        (PickleGlobal.Encode, [string text, "latin1"]) => Latin1(input, text),
        (PickleGlobal.Bytes or PickleGlobal.ByteArray, []) => new PickleBytes([]),
        (PickleGlobal.ByteArray, [PickleBytes bytes]) => bytes,
        (PickleGlobal.Set, [PickleList]) => PickleOther.Value,
        (PickleGlobal.NumpyType, [string code, ..]) when arguments.Length <= 3 => new NumpyType(code),
        (PickleGlobal.NumpyScalar, [NumpyType type, PickleBytes value]) => type.Read(value),
        (PickleGlobal.NumpyReconstruct, [PickleGlobal.NumpyArray, PickleTuple, PickleBytes]) => PickleOther.Value,
        (PickleGlobal.NumpyFromBuffer, [PickleBytes, NumpyType, PickleTuple, string]) => PickleOther.Value,
        _ => throw input.Broken($"the pickle calls {Describe(callable)} with {arguments.Length} arguments, which is not allowed"),
    };

    /// <summary>The storage of a persistent id: ("storage", type, key, device, count), in legacy files with a sixth part that is None.</summary>
    /// <exception cref="MalformedFileException">The id has another form, or contradicts an earlier one of the same key.</exception>
    public static TorchStorage Storage(PickleInput input, object? id, Dictionary<string, TorchStorage> storages)
    {
        if (id is not PickleTuple { Items: ["storage", PickleGlobal global, string key, string, long count, .. object?[] view] }
            || view is not ([] or [null]))
        {
            throw input.Broken("the pickle refers to something outside it that is not a plain storage");
        }

        TensorType type = global switch
        {
            PickleGlobal.DoubleStorage => TensorType.F64,
            PickleGlobal.FloatStorage => TensorType.F32,
            PickleGlobal.HalfStorage => TensorType.F16,
            PickleGlobal.BFloat16Storage => TensorType.BF16,
            PickleGlobal.LongStorage => TensorType.I64,
            PickleGlobal.IntStorage => TensorType.I32,
            PickleGlobal.ShortStorage => TensorType.I16,
            PickleGlobal.CharStorage => TensorType.I8,
            PickleGlobal.ByteStorage or PickleGlobal.UntypedStorage => TensorType.U8,
            PickleGlobal.BoolStorage => TensorType.Bool,
            _ => throw input.Broken($"the pickle refers to a storage of the type {global}"),
        };
        if (count < 0 || count > long.MaxValue / type.Size())
        {
            throw input.Broken($"storage {FileText.Printable(key)} has the impossible length {count}");
        }

        input.Work.SpendOnText(key.Length);
        TorchStorage storage = new(key, type, count);
        if (!storages.TryAdd(key, storage) && storages[key] != storage)
        {
            throw input.Broken($"storage {FileText.Printable(key)} is described in two ways");
        }

        return storages[key];
    }

    /// <summary>What a value is, for messages.</summary>
    public static string Describe(object? value) => value is PickleGlobal global ? global.ToString() : "a value that is not a global";

    private static TorchTensor Tensor(PickleInput input, TorchStorage storage, TensorType type, long offset, PickleTuple size, PickleTuple stride) =>
        TorchTensor.Create(storage, type, offset, Integers(input, size), Integers(input, stride), out string fault) ?? throw input.Broken(fault);

    /// <summary>How protocol 2 writes bytes: as text of their code points.</summary>
    private static PickleBytes Latin1(PickleInput input, string text)
    {
        input.Work.SpendOnText(text.Length);
        return text.Length > PickleBytes.MostKept ? new PickleBytes(null)
            : text.AsSpan().IndexOfAnyExceptInRange('\0', '\u00FF') >= 0 ? throw input.Broken("the pickle encodes text that is not Latin-1")
            : new PickleBytes(Encoding.Latin1.GetBytes(text));
    }

    private static long[] Integers(PickleInput input, PickleTuple tuple)
    {
        if (tuple.Items.Length > ReadLimits.Axes)
        {
            throw input.Broken($"a tensor has {tuple.Items.Length} axes, more than {ReadLimits.Axes}");
        }

        input.Work.Spend(tuple.Items.Length);
        long[] values = new long[tuple.Items.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = tuple.Items[i] is long value ? value : throw input.Broken("a tensor's size or stride is not made of integers");
        }

        return values;
    }

    private static Dictionary<(string Module, string Name), object> Allowed()
    {
        Dictionary<(string Module, string Name), object> allowed = new()
        {
            [("collections", "OrderedDict")] = PickleGlobal.OrderedDict,
            [("argparse", "Namespace")] = PickleGlobal.Namespace,
            [("torch._utils", "_rebuild_tensor_v2")] = PickleGlobal.RebuildTensor,
            [("torch._utils", "_rebuild_tensor_v3")] = PickleGlobal.RebuildTensorOfType,
            [("torch._utils", "_rebuild_parameter")] = PickleGlobal.RebuildParameter,
            [("torch", "Size")] = PickleGlobal.Size,
            [("torch", "device")] = PickleGlobal.Device,
            [("torch.storage", "UntypedStorage")] = PickleGlobal.UntypedStorage,
            [("_codecs", "encode")] = PickleGlobal.Encode,
            [("numpy", "dtype")] = PickleGlobal.NumpyType,
            [("numpy", "ndarray")] = PickleGlobal.NumpyArray,
        };
        for (PickleGlobal storage = PickleGlobal.DoubleStorage; storage <= PickleGlobal.UntypedStorage; storage++)
        {
            allowed.Add(("torch", storage.ToString()), storage);
        }

        // Protocol 2 names modules as Python 2 did, and NumPy 2 has moved its own.
        foreach (string builtins in (string[])["builtins", "__builtin__"])
        {
            allowed.Add((builtins, "bytes"), PickleGlobal.Bytes);
            allowed.Add((builtins, "bytearray"), PickleGlobal.ByteArray);
            allowed.Add((builtins, "set"), PickleGlobal.Set);
            allowed.Add((builtins, "frozenset"), PickleGlobal.Set);
        }

        foreach (string core in (string[])["numpy.core", "numpy._core"])
        {
            allowed.Add(($"{core}.multiarray", "scalar"), PickleGlobal.NumpyScalar);
            allowed.Add(($"{core}.multiarray", "_reconstruct"), PickleGlobal.NumpyReconstruct);
            allowed.Add(($"{core}.numeric", "_frombuffer"), PickleGlobal.NumpyFromBuffer);
        }

        (string Name, TensorType? Type)[] types =
        [
            ("float64", TensorType.F64), ("float32", TensorType.F32), ("float16", TensorType.F16), ("bfloat16", TensorType.BF16),
            ("int64", TensorType.I64), ("int32", TensorType.I32), ("int16", TensorType.I16), ("int8", TensorType.I8),
            ("uint64", TensorType.U64), ("uint32", TensorType.U32), ("uint16", TensorType.U16), ("uint8", TensorType.U8),
            ("bool", TensorType.Bool), ("complex64", null), ("complex128", null),
        ];
        foreach ((string name, TensorType? type) in types)
        {
            allowed.Add(("torch", name), new TorchType(type));
        }

        return allowed;
    }
}
