namespace L2c.Weights.PyTorch;

/// <summary>Interprets the pickles of <c>torch.save</c> by an allow-list of opcodes and globals. It can build inert values, no more.</summary>
/// <remarks>
/// There is no way from a name in the file to code: globals become members of <see cref="PickleGlobal"/>, calls are a switch over them. Work is
/// counted (<see cref="WorkBudget"/>): every opcode is a step and does a bounded amount of work, what depends on a value's length is counted
/// besides. That bounds values and stack too. Nesting costs no recursion here.
/// </remarks>
internal sealed class PickleInterpreter
{
    private readonly PickleInput _input;
    private readonly Dictionary<string, TorchStorage> _storages;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly List<object?> _memo = [];

    private PickleInterpreter(PickleInput input, Dictionary<string, TorchStorage> storages)
    {
        _input = input;
        _storages = storages;
    }

    /// <summary>Interprets one pickle and leaves the input behind its STOP.</summary>
    /// <param name="input">Where the pickle starts.</param>
    /// <param name="storages">Receives the storages that the pickle refers to, by key.</param>
    /// <exception cref="MalformedFileException">The pickle is broken, too large, or asks for what is not allowed.</exception>
    public static object? Run(PickleInput input, Dictionary<string, TorchStorage> storages) => new PickleInterpreter(input, storages).Run();

    private object? Run()
    {
        if (_input.ReadByte() != PickleOpcode.Proto || _input.ReadByte() is < 2 or > 5)
        {
            throw _input.Broken("the pickle is not of the protocols 2 to 5");
        }

        for (byte opcode = _input.ReadByte(); opcode != PickleOpcode.Stop; opcode = _input.ReadByte())
        {
            _input.Work.Spend(1);
            Execute(opcode);
        }

        return _stack.Count == 1 && _marks.Count == 0 ? _stack[0] : throw _input.Broken("the pickle does not end with one value");
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.None: Push(null); break;
            case PickleOpcode.NewTrue: Push(true); break;
            case PickleOpcode.NewFalse: Push(false); break;
            case PickleOpcode.BinInt: Push((long)_input.ReadInt32()); break;
            case PickleOpcode.BinInt1: Push((long)_input.ReadByte()); break;
            case PickleOpcode.BinInt2: Push((long)_input.ReadUInt16()); break;
            case PickleOpcode.Long1: Push(_input.ReadInteger(_input.ReadByte())); break;
            case PickleOpcode.Long4: Push(_input.ReadInteger(_input.ReadInt32())); break;
            case PickleOpcode.BinFloat: Push(_input.ReadDoubleBigEndian()); break;
            case PickleOpcode.BinUnicode: Push(_input.ReadText((uint)_input.ReadInt32())); break;
            case PickleOpcode.ShortBinUnicode: Push(_input.ReadText(_input.ReadByte())); break;
            case PickleOpcode.BinUnicode8: Push(_input.ReadText(_input.ReadLength())); break;
            case PickleOpcode.BinBytes: Push(_input.ReadBytes((uint)_input.ReadInt32())); break;
            case PickleOpcode.ShortBinBytes: Push(_input.ReadBytes(_input.ReadByte())); break;
            case PickleOpcode.BinBytes8 or PickleOpcode.ByteArray8: Push(_input.ReadBytes(_input.ReadLength())); break;
            case PickleOpcode.Frame: _input.ReadFrame(); break;
            case PickleOpcode.EmptyDict: Push(new PickleDict()); break;
            case PickleOpcode.EmptyList: Push(new PickleList()); break;
            case PickleOpcode.EmptyTuple: Push(new PickleTuple([])); break;
            case PickleOpcode.Tuple1: Push(new PickleTuple([Pop()])); break;
            case PickleOpcode.Tuple2: PushTuple(2); break;
            case PickleOpcode.Tuple3: PushTuple(3); break;
            case PickleOpcode.Tuple: Push(new PickleTuple(PopToMark())); break;
            case PickleOpcode.EmptySet: Push(PickleOther.Value); break;
            case PickleOpcode.AddItems: _ = PopToMark(); _ = Top<PickleOther>("ADDITEMS"); break;
            case PickleOpcode.FrozenSet: _ = PopToMark(); Push(PickleOther.Value); break;
            case PickleOpcode.Mark: _marks.Add(_stack.Count); break;
            case PickleOpcode.BinPut: Memoise(_input.ReadByte()); break;
            case PickleOpcode.LongBinPut: Memoise((uint)_input.ReadInt32()); break;
            case PickleOpcode.Memoize: Memoise((uint)_memo.Count); break;
            case PickleOpcode.BinGet: Recall(_input.ReadByte()); break;
            case PickleOpcode.LongBinGet: Recall((uint)_input.ReadInt32()); break;
            case PickleOpcode.Global: Push(TorchGlobals.Resolve(_input, _input.ReadLine(), _input.ReadLine())); break;
            case PickleOpcode.StackGlobal: PushGlobal(); break;
            case PickleOpcode.BinPersId: Push(TorchGlobals.Storage(_input, Pop(), _storages)); break;
            case PickleOpcode.Append: AppendAll([Pop()]); break;
            case PickleOpcode.Appends: AppendAll(PopToMark()); break;
            case PickleOpcode.SetItem: SetTwo(); break;
            case PickleOpcode.SetItems: SetAll(PopToMark()); break;
            case PickleOpcode.Reduce: Call(); break;
            case PickleOpcode.NewObj: MakeRecord(); break;
            case PickleOpcode.Build: SetState(); break;
            default: throw _input.Broken($"the pickle uses the opcode {PickleOpcode.Name(opcode)}, which is not allowed");
        }
    }

    private void Push(object? value) => _stack.Add(value);

    private object? Pop()
    {
        int floor = _marks.Count > 0 ? _marks[^1] : 0;
        if (_stack.Count <= floor)
        {
            throw _input.Broken("the pickle takes more from its stack than is there");
        }

        object? value = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw _input.Broken("the pickle closes a group that it did not open");
        }

        int start = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        object?[] items = [.. _stack.Skip(start)];
        _stack.RemoveRange(start, items.Length);
        return items;
    }

    private void PushGlobal()
    {
        object? name = Pop(), module = Pop();
        Push(module is string m && name is string n
            ? TorchGlobals.Resolve(_input, m, n)
            : throw _input.Broken("the pickle asks for a global whose name is not text"));
    }

    private T Top<T>(string operation)
        where T : class
    {
        object? value = Pop();
        _stack.Add(value);
        return value as T ?? throw _input.Broken($"the pickle applies {operation} to another kind of value");
    }

    private void PushTuple(int length)
    {
        object?[] items = new object?[length];
        for (int i = length - 1; i >= 0; i--)
        {
            items[i] = Pop();
        }

        Push(new PickleTuple(items));
    }

    /// <summary>Picklers number the memo in order, so a slot that skips ahead is a forgery and would cost memory.</summary>
    private void Memoise(uint slot)
    {
        object? value = Pop();
        _stack.Add(value);
        if (slot > _memo.Count)
        {
            throw _input.Broken($"the pickle's memo skips from {_memo.Count} to {slot}");
        }

        if (slot == _memo.Count)
        {
            _memo.Add(value);
        }
        else
        {
            _memo[(int)slot] = value;
        }
    }

    private void Recall(uint slot) =>
        _stack.Add(slot < _memo.Count ? _memo[(int)slot] : throw _input.Broken($"the pickle recalls the memo {slot} that it did not set"));

    private void AppendAll(object?[] items) => Top<PickleList>("APPEND").Items.AddRange(items);

    private void SetTwo()
    {
        object? value = Pop(), key = Pop();
        SetAll([key, value]);
    }

    private void SetAll(object?[] items)
    {
        PickleDict dict = Top<PickleDict>("SETITEM");
        if (items.Length % 2 != 0)
        {
            throw _input.Broken("the pickle sets a key without a value");
        }

        for (int i = 0; i < items.Length; i += 2)
        {
            if (items[i] is PickleList or PickleDict or PickleRecord)
            {
                throw _input.Broken("the pickle has a dict with a key that Python cannot have");
            }

            // Bytes, None, numbers with a point and tuples name no weights.
            if (PickleDict.KeyText(items[i]) is not { } key)
            {
                continue;
            }

            _input.Work.SpendOnText(key.Length);
            if (!dict.TryAdd(key, items[i + 1]))
            {
                throw _input.Broken($"the pickle sets the key {FileText.Printable(key)} twice");
            }
        }
    }

    private void Call()
    {
        object? arguments = Pop(), callable = Pop();
        object?[] items = (arguments as PickleTuple ?? throw _input.Broken("the pickle calls with arguments that are not a tuple")).Items;
        Push(TorchGlobals.Call(_input, callable, items));
    }

    private void MakeRecord()
    {
        object? arguments = Pop(), type = Pop();
        if (type is not PickleGlobal.Namespace || arguments is not PickleTuple { Items.Length: 0 })
        {
            throw _input.Broken($"the pickle asks for a new object of {TorchGlobals.Describe(type)}, which is not allowed");
        }

        Push(new PickleRecord());
    }

    private void SetState()
    {
        object? state = Pop();
        switch (Top<object>("BUILD"))
        {
            case NumpyType type when state is PickleTuple { Items: [_, string order, ..] }:
                type.ByteOrder = order;
                break;
            case PickleOther:
                break;
            case PickleDict or PickleRecord when state is not PickleDict:
                throw _input.Broken("the pickle sets a state that is not a dict");
            case PickleRecord { Fields: null } record:
                // Shared, not copied: otherwise a forged pickle could copy one large dict again and again.
                record.Fields = (PickleDict)state!;
                break;
            case PickleRecord:
                throw _input.Broken("the pickle sets the state of a value twice");
            case PickleDict:
                // An OrderedDict's own attributes: PyTorch leaves _metadata there, versions of its modules.
                break;
            default:
                throw _input.Broken("the pickle sets the state of a value that has none");
        }
    }
}
