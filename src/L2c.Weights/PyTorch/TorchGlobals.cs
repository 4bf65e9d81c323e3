namespace L2c.Weights.PyTorch;

/// <summary>The allow-list: which globals a pickle may name, and what a call of each builds.</summary>
internal static class TorchGlobals
{
    /// <summary>Reads module and name of a global.</summary>
    /// <exception cref="MalformedFileException">It is not on the list.</exception>
    public static object Resolve(PickleInput input)
    {
        string module = input.ReadLine(), name = input.ReadLine();
        return (module, name) switch
        {
            ("collections", "OrderedDict") => PickleGlobal.OrderedDict,
            ("argparse", "Namespace") => PickleGlobal.Namespace,
            ("torch._utils", "_rebuild_tensor_v2") => PickleGlobal.RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => PickleGlobal.RebuildParameter,
            ("torch", "DoubleStorage") => PickleGlobal.DoubleStorage,
            ("torch", "FloatStorage") => PickleGlobal.FloatStorage,
            ("torch", "HalfStorage") => PickleGlobal.HalfStorage,
            ("torch", "BFloat16Storage") => PickleGlobal.BFloat16Storage,
            ("torch", "LongStorage") => PickleGlobal.LongStorage,
            ("torch", "IntStorage") => PickleGlobal.IntStorage,
            ("torch", "ByteStorage") => PickleGlobal.ByteStorage,
            ("torch", "BoolStorage") => PickleGlobal.BoolStorage,
            _ => throw input.Broken($"pickle asks for {FileText.Printable($"{module}.{name}")}, which is not allowed"),
        };
    }

    /// <summary>Builds what a call of <paramref name="callable"/> returns.</summary>
    /// <exception cref="MalformedFileException">It may not be called, or not so.</exception>
    public static object Call(PickleInput input, object? callable, object?[] arguments) => (callable, arguments) switch
    {
        (PickleGlobal.OrderedDict, []) => new PickleDict(),
        // Hooks, and since PyTorch 2.0 metadata, follow; neither changes the elements.
        (PickleGlobal.RebuildTensor, [TorchStorage storage, long offset, PickleTuple size, PickleTuple stride, bool, _, ..])
            when arguments.Length <= 7 =>
            TorchTensor.Create(storage, offset, Integers(input, size), Integers(input, stride), out string fault) ?? throw input.Broken(fault),
        (PickleGlobal.RebuildParameter, [TorchTensor tensor, bool, _]) => tensor,
        _ => throw input.Broken($"the pickle calls {Describe(callable)} with {arguments.Length} arguments, which is not allowed"),
    };

    /// <summary>The storage of a persistent id: ("storage", type, key, device, count), in legacy files with a sixth part that is None.</summary>
    /// <exception cref="MalformedFileException">The id has another form, or contradicts an earlier one of the same key.</exception>
    public static TorchStorage Storage(PickleInput input, object? id, Dictionary<string, TorchStorage> storages)
    {
        if (id is not PickleTuple { Items: ["storage", PickleGlobal global, string key, string, long count, .. object?[] view] }
            || view is not ([] or [null]))
        {
            throw input.Broken("the pickle refers to something outside it that is no plain storage");
        }

        TensorType type = global switch
        {
            PickleGlobal.DoubleStorage => TensorType.F64,
            PickleGlobal.FloatStorage => TensorType.F32,
            PickleGlobal.HalfStorage => TensorType.F16,
            PickleGlobal.BFloat16Storage => TensorType.BF16,
            PickleGlobal.LongStorage => TensorType.I64,
            PickleGlobal.IntStorage => TensorType.I32,
            PickleGlobal.ByteStorage => TensorType.U8,
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
    public static string Describe(object? value) => value is PickleGlobal global ? global.ToString() : "a value that is no global";

    private static long[] Integers(PickleInput input, PickleTuple tuple)
    {
        if (tuple.Items.Length > TorchTensor.MaxRank)
        {
            throw input.Broken($"a tensor has {tuple.Items.Length} axes, more than {TorchTensor.MaxRank}");
        }

        input.Work.Spend(tuple.Items.Length);
        long[] values = new long[tuple.Items.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = tuple.Items[i] is long value ? value : throw input.Broken("a tensor's size or stride is not made of integers");
        }

        return values;
    }
}
