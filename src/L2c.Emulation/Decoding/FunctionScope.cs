using L2c.Emulation.Instructions;
using L2c.Emulation.Parsing;

namespace L2c.Emulation.Decoding;

internal enum VariableSpace
{
    /// <summary>Parameters of the entry: one copy for the launch.</summary>
    EntryParameter,
    Local,
    Shared,
}

/// <summary>A variable in its place.</summary>
/// <param name="Name">As in the text.</param>
/// <param name="Space">Parameters of functions are local memory: the caller's variable is the callee's.</param>
/// <param name="Address">In its space.</param>
/// <param name="Bytes">Its extent.</param>
internal sealed record Variable(string Name, VariableSpace Space, ulong Address, int Bytes);

/// <summary>The names between two braces.</summary>
internal sealed class FunctionScope(FunctionScope? outer)
{
    private readonly Dictionary<string, Register> _registers = [];
    private readonly Dictionary<string, Variable> _variables = [];
    private readonly Dictionary<string, Label> _labels = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _targets = [];

    public void Add(Register register, int line) => Add(_registers, register.Name, register, line);

    public void Add(Variable variable, int line) => Add(_variables, variable.Name, variable, line);

    public void AddTargets(TargetsStatement targets) => Add(_targets, targets.Name, targets.Labels, targets.Line);

    /// <summary>Declares a label of these braces; it is placed later.</summary>
    public void AddLabel(LabelStatement label) => Add(_labels, label.Name, new Label(), label.Line);

    public Register? FindRegister(string name) => _registers.GetValueOrDefault(name) ?? outer?.FindRegister(name);

    public Variable? FindVariable(string name) => _variables.GetValueOrDefault(name) ?? outer?.FindVariable(name);

    public Label? FindLabel(string name) => _labels.GetValueOrDefault(name) ?? outer?.FindLabel(name);

    public IReadOnlyList<string>? FindTargets(string name) => _targets.GetValueOrDefault(name) ?? outer?.FindTargets(name);

    private static void Add<T>(Dictionary<string, T> names, string name, T value, int line)
    {
        if (!names.TryAdd(name, value))
        {
            throw new PtxSyntaxException(line, $"{name} is declared twice");
        }
    }
}

/// <summary>A place in the code, known once it is reached.</summary>
internal sealed class Label
{
    public int? Place { get; set; }
}
