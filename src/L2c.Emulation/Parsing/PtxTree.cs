namespace L2c.Emulation.Parsing;

internal abstract record PtxOperand;

/// <summary>A register, variable, label or function.</summary>
internal sealed record NameOperand(string Name) : PtxOperand;

/// <summary>A literal as it stands in the text, sign included.</summary>
internal sealed record NumberOperand(string Text) : PtxOperand;

/// <summary><c>[base + offset]</c></summary>
internal sealed record AddressOperand(PtxOperand Base, long Offset) : PtxOperand;

/// <summary><c>{a, b}</c>, or <c>(a, b)</c> of a call.</summary>
internal sealed record ListOperand(IReadOnlyList<PtxOperand> Items) : PtxOperand;

/// <summary><c>!p</c></summary>
internal sealed record NotOperand(string Name) : PtxOperand;

/// <summary><c>d|p</c>: a second result.</summary>
internal sealed record PairOperand(string First, string Second) : PtxOperand;

internal abstract record PtxStatement(int Line);

internal sealed record InstructionStatement(int Line, string? Guard, bool GuardNegated, string Opcode, IReadOnlyList<PtxOperand> Operands)
    : PtxStatement(Line);

internal sealed record LabelStatement(int Line, string Name) : PtxStatement(Line);

internal sealed record BlockStatement(int Line, IReadOnlyList<PtxStatement> Body) : PtxStatement(Line);

/// <summary><c>.reg .b32 %r&lt;5&gt;</c>; no count declares the bare name.</summary>
internal sealed record RegisterStatement(int Line, string Type, string Name, int? Count) : PtxStatement(Line);

/// <summary>A variable in a state space; null bytes is the extent of a launch's dynamic shared memory.</summary>
internal sealed record VariableStatement(int Line, string Space, string Name, int Alignment, int? Bytes) : PtxStatement(Line);

/// <summary><c>.branchtargets</c>, under the name of the label before it.</summary>
internal sealed record TargetsStatement(int Line, string Name, IReadOnlyList<string> Labels) : PtxStatement(Line);

/// <summary>An <c>.entry</c>, or a <c>.func</c>; no body when it is only declared.</summary>
internal sealed record PtxFunction(
    int Line,
    string Name,
    bool IsEntry,
    IReadOnlyList<VariableStatement> Returns,
    IReadOnlyList<VariableStatement> Parameters,
    BlockStatement? Body,
    (int X, int Y, int Z)? MaxThreads);

internal sealed record PtxTree(string Target, IReadOnlyList<VariableStatement> Variables, IReadOnlyList<PtxFunction> Functions);
