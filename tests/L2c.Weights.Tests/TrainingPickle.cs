using System.Globalization;
using L2c.Testing.Files;

namespace L2c.Weights.Tests;

/// <summary>The pickle of a training checkpoint, opcode by opcode as <c>torch.save</c> writes it: everything that can be recalled is memoised.</summary>
internal sealed class TrainingPickle
{
    private readonly PickleBuilder _pickle = new();
    private readonly Dictionary<string, int> _memo = [];
    private int _puts;
    private int _storages;

    private TrainingPickle()
    {
    }

    /// <summary>Weights ("model"), moving average ("ema") and Adam's state ("opt": two moments and a step count for each parameter).</summary>
    /// <param name="parameters">Number of parameters, tensors of 4 axes.</param>
    /// <param name="nameLength">Length of their names.</param>
    public static byte[] Make(int parameters, int nameLength)
    {
        TrainingPickle self = new();
        int[] size = [1, 1, 1, 1];
        IEnumerable<string> names = Enumerable.Range(0, parameters).Select(i => i.ToString(CultureInfo.InvariantCulture).PadLeft(nameLength, 'w'));
        self.Dict(["model", "ema", "opt"], part =>
        {
            if (part is not "opt")
            {
                self.Dict(names, _ => self.Tensor(size));
                return;
            }

            self.Dict(["state"], _ => self.Dict(
                Enumerable.Range(0, parameters).Cast<object>(),
                _ => self.Dict(["step", "exp_avg", "exp_avg_sq"], moment => self.Tensor(moment is "step" ? [] : size))));
        });
        return self._pickle.Stop();
    }

    private void Dict(IEnumerable<object> keys, Action<object> value)
    {
        Put(_pickle.Op("}"));
        _ = _pickle.Op("(");
        foreach (object key in keys)
        {
            if (key is string text)
            {
                Text(text);
            }
            else
            {
                _ = _pickle.Op("J").Int32((int)key);
            }

            value(key);
        }

        _ = _pickle.Op("u");
    }

    private void Tensor(int[] size)
    {
        Once("rebuild", p => p.Global("torch._utils", "_rebuild_tensor_v2"));
        _ = _pickle.Op("((");
        Text("storage");
        Once("type", p => p.Global("torch", "FloatStorage"));
        Text(_storages++.ToString(CultureInfo.InvariantCulture));
        Text("cuda:0");
        Put(_pickle.Op("J").Int32(1).Op("t"));
        _ = _pickle.Op("QK").Raw(0);
        Integers(size);
        Integers(size);
        _ = _pickle.Raw(0x89);
        Once("hooks", p => p.Global("collections", "OrderedDict"));
        Put(_pickle.Op(")R"));
        Put(_pickle.Op("t"));
        Put(_pickle.Op("R"));
    }

    private void Integers(int[] values)
    {
        if (values.Length == 0)
        {
            _ = _pickle.Op(")");
            return;
        }

        _ = _pickle.Op("(");
        foreach (int value in values)
        {
            _ = _pickle.Op("J").Int32(value);
        }

        Put(_pickle.Op("t"));
    }

    private void Text(string text) => Once(text, p => p.Text(text));

    /// <summary>Writes a value the first time and recalls it from then on.</summary>
    private void Once(string name, Func<PickleBuilder, PickleBuilder> write)
    {
        if (_memo.TryGetValue(name, out int slot))
        {
            _ = slot < 256 ? _pickle.Op("h").Raw((byte)slot) : _pickle.Op("j").Int32(slot);
            return;
        }

        _memo.Add(name, _puts);
        Put(write(_pickle));
    }

    private void Put(PickleBuilder pickle)
    {
        _ = _puts < 256 ? pickle.Op("q").Raw((byte)_puts) : pickle.Op("r").Int32(_puts);
        _puts++;
    }
}
