using L2c.Emulation.Machine;
using L2c.Emulation.Parsing;

namespace L2c.Emulation.Decoding;

/// <summary>Where the shared variables of an entry lie: those of the module, of the entry and of what it calls, then the dynamic ones.</summary>
internal sealed class SharedLayout
{
    // Two functions may use one name, so a variable is known by its statement.
    private readonly Dictionary<VariableStatement, int> _offsets = new(ReferenceEqualityComparer.Instance);

    public SharedLayout(IReadOnlyList<VariableStatement> module, PtxFunction entry, IReadOnlyDictionary<string, PtxFunction> functions)
    {
        List<VariableStatement> variables = [.. module];
        Collect(entry, functions, variables, []);
        foreach (VariableStatement variable in variables.Where(v => v.Bytes is not null))
        {
            int at = (StaticBytes + variable.Alignment - 1) & -variable.Alignment;
            _offsets.Add(variable, at);
            StaticBytes = at + variable.Bytes!.Value;
        }

        List<VariableStatement> dynamic = [.. variables.Where(v => v.Bytes is null)];
        DynamicAlignment = dynamic.Select(v => v.Alignment).Append(16).Max();
        int start = (StaticBytes + DynamicAlignment - 1) & -DynamicAlignment;
        foreach (VariableStatement variable in dynamic)
        {
            _offsets.Add(variable, start);
        }
    }

    public int StaticBytes { get; }

    /// <summary>At least 16: so do the vendor's tools.</summary>
    public int DynamicAlignment { get; }

    public Variable Place(VariableStatement statement) =>
        new(statement.Name, VariableSpace.Shared, Window.FirstShared + (ulong)_offsets[statement], statement.Bytes ?? 0);

    private static void Collect(
        PtxFunction function, IReadOnlyDictionary<string, PtxFunction> functions, List<VariableStatement> variables, HashSet<string> seen)
    {
        if (function.Body is not null && seen.Add(function.Name))
        {
            Collect(function.Body, functions, variables, seen);
        }
    }

    private static void Collect(
        BlockStatement block, IReadOnlyDictionary<string, PtxFunction> functions, List<VariableStatement> variables, HashSet<string> seen)
    {
        foreach (PtxStatement statement in block.Body)
        {
            switch (statement)
            {
                case BlockStatement inner:
                    Collect(inner, functions, variables, seen);
                    break;
                case VariableStatement { Space: ".shared" } variable:
                    variables.Add(variable);
                    break;
                case InstructionStatement { Opcode: "call" or "call.uni" } call:
                    foreach (NameOperand name in call.Operands.OfType<NameOperand>())
                    {
                        if (functions.TryGetValue(name.Name, out PtxFunction? callee))
                        {
                            Collect(callee, functions, variables, seen);
                        }
                    }

                    break;
            }
        }
    }
}
