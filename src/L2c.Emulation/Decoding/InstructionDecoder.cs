using L2c.Emulation.Instructions;
using L2c.Emulation.Parsing;

namespace L2c.Emulation.Decoding;

/// <summary>One instruction of the text to one decoded instruction.</summary>
internal static class InstructionDecoder
{
    private static readonly Dictionary<Type, Type> _loops = new()
    {
        [typeof(IUnary<,>)] = typeof(Unary<,,>),
        [typeof(IBinary<,,>)] = typeof(Binary<,,,>),
        [typeof(ITernary<,,,>)] = typeof(Ternary<,,,,>),
        [typeof(IQuaternary<,,,,>)] = typeof(Quaternary<,,,,,>),
    };

    /// <param name="operands">The instruction.</param>
    /// <param name="granule">Lowered to the smallest access to shared memory, in bytes.</param>
    /// <exception cref="PtxSyntaxException">It is unknown.</exception>
    public static Op Decode(Operands operands, ref int granule)
    {
        switch (operands.Parts[0])
        {
            case "ld" or "st" or "ldu":
                return MemoryDecoder.LoadStore(operands, ref granule);
            case "cvta":
                return MemoryDecoder.ConvertAddress(operands);
            case "ldmatrix":
                return MatrixDecoder.LoadMatrix(operands);
            case "mma":
                return MatrixDecoder.Multiply(operands);
            case "cp":
                return MemoryDecoder.AsyncCopy(operands, ref granule);
            case "bar" or "barrier" or "shfl" or "vote" or "activemask" or "membar" or "fence":
                return SynchronisationDecoder.Decode(operands);
            case "cvt":
                return ConversionDecoder.Decode(operands);
            case "setp" or "set" or "selp" or "testp":
                return ComparisonDecoder.Decode(operands);
            case "trap":
                return new Trap();
            case "mov" when operands.Opcode == "mov.pred":
                operands.RequireCount(2, 2);
                return new PredicateMove(operands.PredicateResult(0), operands.Predicate(1));
            case "mov" when operands[0] is ListOperand || operands[1] is ListOperand:
                return Vector(operands);
        }

        if (operands.Parts[^1] == "pred")
        {
            return PredicateLogic(operands);
        }

        return ElementwiseTable.TryFind(operands.Opcode, out Type operation) ? Elementwise(operands, operation) : throw operands.Unknown();
    }

    private static Op Elementwise(Operands operands, Type operation)
    {
        Type shape = operation.GetInterfaces()[0];
        Type[] types = shape.GetGenericArguments();
        if (shape.GetGenericTypeDefinition() == typeof(IDivision<>))
        {
            types = [types[0], types[0], types[0]];
        }

        operands.RequireCount(types.Length, types.Length);
        object[] registers = new object[types.Length];
        registers[0] = operands.Result(0, ElementTypes.Bits(types[^1]));
        for (int i = 1; i < types.Length; i++)
        {
            registers[i] = operands.Source(i, ElementTypes.Bits(types[i - 1]), ElementTypes.IsFloat(types[i - 1]));
        }

        Type loop = shape.GetGenericTypeDefinition() == typeof(IDivision<>)
            ? typeof(Division<,>).MakeGenericType(operation, types[0])
            : _loops[shape.GetGenericTypeDefinition()].MakeGenericType([operation, .. types]);
        return (Op)Activator.CreateInstance(loop, registers)!;
    }

    private static Op PredicateLogic(Operands operands)
    {
        if (operands.Opcode == "not.pred")
        {
            operands.RequireCount(2, 2);
            Predicate a = operands.Predicate(1);
            return new PredicateMove(operands.PredicateResult(0), a with { Negated = !a.Negated });
        }

        BooleanOperation operation = operands.Opcode switch
        {
            "and.pred" => BooleanOperation.And,
            "or.pred" => BooleanOperation.Or,
            "xor.pred" => BooleanOperation.Xor,
            _ => throw operands.Unknown(),
        };
        operands.RequireCount(3, 3);
        return new PredicateBinary(operation, operands.PredicateResult(0), operands.Predicate(1), operands.Predicate(2));
    }

    // mov.b32 {a, b}, c or mov.b32 c, {a, b}
    private static Op Vector(Operands operands)
    {
        operands.RequireCount(2, 2);
        if (operands.Parts.Length != 2 || operands.Parts[1] is not ("b16" or "b32" or "b64"))
        {
            throw operands.Unknown();
        }

        int bits = PtxType.Bits(operands.Parts[1], operands.Line);
        bool packs = operands[1] is ListOperand;
        IReadOnlyList<PtxOperand> parts = operands.List(packs ? 1 : 0);
        if (parts.Count is not (2 or 4))
        {
            throw operands.Error($"{parts.Count} parts");
        }

        int part = bits / parts.Count;
        return packs
            ? new Pack(operands.Result(0, bits), [.. parts.Select(p => operands.Source(p, part))])
            : new Unpack(
                [.. parts.Select(p => p is NameOperand { Name: "_" } ? null : operands.Result(p, part))], operands.Source(1, bits));
    }
}
