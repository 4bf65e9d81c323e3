using L2c.Emulation.Instructions;
using L2c.Emulation.Parsing;

namespace L2c.Emulation.Decoding;

/// <summary>One instruction of the text with its names resolved: what decoders ask for operands.</summary>
internal sealed class Operands(FunctionScope scope, RegisterFile registers, InstructionStatement statement)
{
    /// <summary>The opcode between its dots.</summary>
    public string[] Parts { get; } = statement.Opcode.Split('.');

    public string Opcode => statement.Opcode;

    public int Line => statement.Line;

    public int Count => statement.Operands.Count;

    public PtxOperand this[int index] => index < Count ? statement.Operands[index] : throw Error($"operand {index + 1} is missing");

    public PtxSyntaxException Error(string problem) => new(statement.Line, $"{statement.Opcode}: {problem}");

    public PtxSyntaxException Unknown() => Error("unknown instruction or form");

    public void RequireCount(int least, int most)
    {
        if (Count < least || Count > most)
        {
            throw Error($"{Count} operands, expected {least}{(most > least ? $" to {most}" : "")}");
        }
    }

    /// <summary>A register that is written, of exactly these bits.</summary>
    public Register Result(int index, int bits) => Result(this[index], bits);

    public Register Result(PtxOperand operand, int bits)
    {
        Register register = operand is NameOperand name ? Register(name.Name) : throw Error("a result must be a register");
        return register.Bits == bits ? register : throw Error($"register {register.Name} has {register.Bits} bits, expected {bits}");
    }

    /// <summary>A register that is written and may be wider.</summary>
    public Register ResultAtLeast(PtxOperand operand, int bits)
    {
        Register register = operand is NameOperand name ? Register(name.Name) : throw Error("a result must be a register");
        return register.Bits >= bits ? register : throw Error($"register {register.Name} has {register.Bits} bits, fewer than {bits}");
    }

    /// <summary>A register, literal, variable or special register that is read, of exactly these bits.</summary>
    public Register Source(int index, int bits, bool isFloat = false) => Source(this[index], bits, isFloat);

    public Register Source(PtxOperand operand, int bits, bool isFloat = false)
    {
        Register register = SourceAtLeast(operand, bits, isFloat);
        return register.Bits == bits ? register : throw Error($"register {register.Name} has {register.Bits} bits, expected {bits}");
    }

    public Register SourceAtLeast(PtxOperand operand, int bits, bool isFloat = false)
    {
        switch (operand)
        {
            case NumberOperand number when isFloat && !PtxLiteral.IsFloat(number.Text):
                throw Error($"{number.Text} is a whole number where a float is expected");
            case NumberOperand number when PtxLiteral.IsFloat(number.Text):
                return bits is 32 or 64
                    ? registers.Constant(number.Text, bits, PtxLiteral.FloatBits(number.Text, bits, Line))
                    : throw Error($"a literal of {bits} bits must be a whole number");
            case NumberOperand number:
                return registers.Constant(number.Text, bits, (ulong)PtxLiteral.Integer(number.Text, Line));
            case NameOperand { Name: "WARP_SZ" }:
                return registers.Constant("WARP_SZ", bits, 32);
            case NameOperand name when SpecialRegisters.TryFind(name.Name, out Machine.SpecialRegister special):
                return registers.Special(name.Name, special);
            case NameOperand name when scope.FindVariable(name.Name) is Variable variable:
                return registers.Constant(name.Name, bits, variable.Address);
            case NameOperand name:
                Register register = Register(name.Name);
                return register.Bits >= bits ? register : throw Error($"register {register.Name} has {register.Bits} bits, fewer than {bits}");
            default:
                throw Error("expected a register or a literal");
        }
    }

    public Predicate Predicate(int index) => this[index] switch
    {
        NameOperand name => new Predicate(PredicateRegister(name.Name), Negated: false),
        NotOperand not => new Predicate(PredicateRegister(not.Name), Negated: true),
        _ => throw Error("expected a predicate"),
    };

    public bool IsPredicate(int index) =>
        this[index] is NotOperand || (this[index] is NameOperand name && scope.FindRegister(name.Name) is { IsPredicate: true });

    public Register PredicateRegister(string name)
    {
        Register register = Register(name);
        return register.IsPredicate ? register : throw Error($"{name} is no predicate");
    }

    public Register PredicateResult(int index) => this[index] is NameOperand name
        ? PredicateRegister(name.Name)
        : throw Error("expected a predicate");

    /// <summary>An address, and the variable that it begins at.</summary>
    public Address Address(int index, int bits, out Variable? variable)
    {
        if (this[index] is not AddressOperand address)
        {
            throw Error("expected an address in brackets");
        }

        variable = address.Base is NameOperand name ? scope.FindVariable(name.Name) : null;
        Register origin = variable is not null ? registers.Constant(variable.Name, 64, variable.Address)
            : address.Base is NumberOperand ? Source(address.Base, 64)
            : SourceAtLeast(address.Base, bits);
        return new Address(origin, address.Offset);
    }

    public IReadOnlyList<PtxOperand> List(int index) => this[index] is ListOperand list ? list.Items : [this[index]];

    public Register Literal(int bits, ulong value) => registers.Constant(value.ToString(), bits, value);

    public Variable? FindVariable(PtxOperand operand) => operand is NameOperand name ? scope.FindVariable(name.Name) : null;

    private Register Register(string name) => scope.FindRegister(name) ?? throw Error($"unknown name {name}");
}
