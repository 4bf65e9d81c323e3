using L2c.Emulation.Instructions;
using L2c.Emulation.Machine;
using L2c.Emulation.Parsing;

namespace L2c.Emulation.Decoding;

/// <summary>Turns one entry into code. Functions are decoded in place of each call, so the code is one flow without a call stack.</summary>
internal sealed class EntryDecoder
{
    private readonly Dictionary<string, PtxFunction> _functions;
    private readonly SharedLayout _shared;
    private readonly FunctionScope _module = new(null);
    private readonly RegisterFile _registers = new();
    private readonly List<Op> _ops = [];

    // Jumps are made when every label has its place.
    private readonly List<(int At, Func<Jump> Make)> _jumps = [];
    private readonly HashSet<string> _open = [];
    private int _localBytes;
    private int _granule = 16;

    private EntryDecoder(PtxTree tree, PtxFunction entry)
    {
        _functions = tree.Functions.GroupBy(f => f.Name).ToDictionary(g => g.Key, g => g.FirstOrDefault(f => f.Body is not null) ?? g.First());
        _shared = new SharedLayout(tree.Variables, entry, _functions);
        foreach (VariableStatement variable in tree.Variables)
        {
            _module.Add(_shared.Place(variable), variable.Line);
        }
    }

    public static EntryCode Decode(PtxTree tree, PtxFunction entry) => new EntryDecoder(tree, entry).Decode(entry);

    private EntryCode Decode(PtxFunction entry)
    {
        FunctionScope scope = new(_module);
        List<PtxParameter> parameters = [];
        int parameterBytes = 0;
        foreach (VariableStatement parameter in entry.Parameters)
        {
            int at = (parameterBytes + parameter.Alignment - 1) & -parameter.Alignment;
            scope.Add(new Variable(parameter.Name, VariableSpace.EntryParameter, (ulong)at, parameter.Bytes!.Value), parameter.Line);
            parameters.Add(new PtxParameter(at, parameter.Bytes.Value));
            parameterBytes = at + parameter.Bytes.Value;
        }

        Block(scope, entry.Body!, null);
        _ops.Add(new Exit { Line = entry.Line, Opcode = "ret" });
        foreach ((int at, Func<Jump> make) in _jumps)
        {
            Jump jump = make();
            (jump.Line, jump.Opcode) = (_ops[at].Line, _ops[at].Opcode);
            (jump.Guard, jump.GuardNegated) = (_ops[at].Guard, _ops[at].GuardNegated);
            _ops[at] = jump;
        }

        Op[] ops = [.. _ops];
        ControlFlow.SetJoins(ops);
        return new EntryCode(
            entry.Name,
            ops,
            _registers.Registers,
            _registers.Bytes,
            _registers.Constants,
            _registers.Specials,
            parameters,
            _shared.StaticBytes,
            _shared.DynamicAlignment,
            _localBytes,
            _granule);
    }

    /// <param name="scope">The names of these braces.</param>
    /// <param name="block">The statements.</param>
    /// <param name="end">Where ret goes; null ends the thread.</param>
    private void Block(FunctionScope scope, BlockStatement block, Label? end)
    {
        foreach (LabelStatement label in block.Body.OfType<LabelStatement>())
        {
            scope.AddLabel(label);
        }

        foreach (TargetsStatement targets in block.Body.OfType<TargetsStatement>())
        {
            scope.AddTargets(targets);
        }

        foreach (PtxStatement statement in block.Body)
        {
            switch (statement)
            {
                case BlockStatement inner:
                    Block(new FunctionScope(scope), inner, end);
                    break;
                case RegisterStatement registers:
                    Declare(scope, registers);
                    break;
                case VariableStatement variable:
                    scope.Add(Place(variable), variable.Line);
                    break;
                case LabelStatement label:
                    scope.FindLabel(label.Name)!.Place = _ops.Count;
                    break;
                case InstructionStatement instruction:
                    Instruction(scope, instruction, end);
                    break;
            }
        }
    }

    private void Declare(FunctionScope scope, RegisterStatement statement)
    {
        int bits = PtxType.Bits(statement.Type, statement.Line);
        if (statement.Count is not int count)
        {
            scope.Add(_registers.New(statement.Name, bits), statement.Line);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            scope.Add(_registers.New($"{statement.Name}{i}", bits), statement.Line);
        }
    }

    private Variable Place(VariableStatement statement)
    {
        if (statement.Space == ".shared")
        {
            return _shared.Place(statement);
        }

        int bytes = statement.Bytes ?? throw new PtxSyntaxException(statement.Line, $"{statement.Name} has no extent");
        int at = (_localBytes + statement.Alignment - 1) & -statement.Alignment;
        _localBytes = at + bytes;
        return new Variable(statement.Name, VariableSpace.Local, (ulong)at, bytes);
    }

    private void Instruction(FunctionScope scope, InstructionStatement statement, Label? end)
    {
        Operands operands = new(scope, _registers, statement);
        Register? guard = statement.Guard is null ? null : operands.PredicateRegister(statement.Guard);
        if (operands.Parts[0] == "call")
        {
            Call(operands, guard);
            return;
        }

        Op op = operands.Parts[0] switch
        {
            "ret" when end is not null => Jump(() => new Branch(end.Place!.Value, uniform: false)),
            "ret" or "exit" => new Exit(),
            "bra" => Jump(Branch(scope, operands)),
            "brx" => Jump(IndexedBranch(scope, operands)),
            _ => InstructionDecoder.Decode(operands, ref _granule),
        };
        (op.Line, op.Opcode) = (statement.Line, operands.Opcode);
        (op.Guard, op.GuardNegated) = (guard, statement.GuardNegated);
        _ops.Add(op);
    }

    private NoOperation Jump(Func<Jump> make)
    {
        _jumps.Add((_ops.Count, make));
        return new NoOperation();
    }

    private static Func<Jump> Branch(FunctionScope scope, Operands operands)
    {
        operands.RequireCount(1, 1);
        if (operands.Opcode is not ("bra" or "bra.uni"))
        {
            throw operands.Unknown();
        }

        Label label = Find(scope, operands, (operands[0] as NameOperand)?.Name);
        return () => new Branch(label.Place!.Value, operands.Opcode == "bra.uni");
    }

    private static Func<Jump> IndexedBranch(FunctionScope scope, Operands operands)
    {
        if (operands.Opcode is not ("brx.idx" or "brx.idx.uni"))
        {
            throw operands.Unknown();
        }

        operands.RequireCount(2, 2);
        Register index = operands.Source(0, 32);
        IReadOnlyList<string> names = operands[1] is NameOperand list && scope.FindTargets(list.Name) is IReadOnlyList<string> found
            ? found
            : throw operands.Error("no such list of targets");
        Label[] labels = [.. names.Select(name => Find(scope, operands, name))];
        return () => new IndexedBranch(index, [.. labels.Select(label => label.Place!.Value)]);
    }

    private static Label Find(FunctionScope scope, Operands operands, string? name) =>
        name is not null && scope.FindLabel(name) is Label label ? label : throw operands.Error($"no label {name}");

    // call (results), function, (arguments): each a variable, which becomes the callee's own.
    private void Call(Operands operands, Register? guard)
    {
        if (guard is not null)
        {
            throw operands.Error("calls under a predicate are not supported");
        }

        int at = operands[0] is ListOperand ? 1 : 0;
        IReadOnlyList<PtxOperand> results = at == 1 ? operands.List(0) : [];
        IReadOnlyList<PtxOperand> arguments = operands.Count > at + 1 ? operands.List(at + 1) : [];
        string name = (operands[at] as NameOperand)?.Name ?? throw operands.Error("indirect calls are not supported");
        if (!_functions.TryGetValue(name, out PtxFunction? callee) || callee.Body is null)
        {
            throw operands.Error($"function {name} has no body in this module");
        }

        if (!_open.Add(name))
        {
            throw operands.Error($"function {name} calls itself, which is not supported");
        }

        FunctionScope scope = new(_module);
        Bind(scope, operands, callee.Returns, results);
        Bind(scope, operands, callee.Parameters, arguments);
        Label end = new();
        Block(scope, callee.Body, end);
        end.Place = _ops.Count;
        _open.Remove(name);
    }

    private static void Bind(FunctionScope scope, Operands operands, IReadOnlyList<VariableStatement> formal, IReadOnlyList<PtxOperand> actual)
    {
        if (formal.Count != actual.Count)
        {
            throw operands.Error($"{actual.Count} values for {formal.Count} parameters");
        }

        for (int i = 0; i < formal.Count; i++)
        {
            Variable variable = operands.FindVariable(actual[i]) ?? throw operands.Error("an argument must be a .param variable");
            if (variable.Space != VariableSpace.Local || variable.Bytes != formal[i].Bytes)
            {
                throw operands.Error($"{variable.Name} has {variable.Bytes} bytes, {formal[i].Name} has {formal[i].Bytes}");
            }

            scope.Add(variable with { Name = formal[i].Name }, formal[i].Line);
        }
    }
}
