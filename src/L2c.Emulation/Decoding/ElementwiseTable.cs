using L2c.Emulation.Instructions;

namespace L2c.Emulation.Decoding;

/// <summary>The arithmetic that works lane by lane: the whole opcode, modifiers and all, to the operation. What is not here is refused.</summary>
internal static class ElementwiseTable
{
    private static readonly Dictionary<string, Type> _operations = Build();

    /// <summary>Every opcode, for tests.</summary>
    public static IReadOnlyCollection<string> Opcodes => _operations.Keys;

    public static bool TryFind(string opcode, out Type operation) => _operations.TryGetValue(opcode, out operation!);

    private static Dictionary<string, Type> Build()
    {
        Dictionary<string, Type> table = [];
        Integers(table);
        Floats(table);
        return table;
    }

    private static void Integers(Dictionary<string, Type> table)
    {
        const string All = "s16 u16 s32 u32 s64 u64";
        const string Bits = "b16 b32 b64";
        Each(table, "add", typeof(Add<>), All);
        Each(table, "sub", typeof(Subtract<>), All);
        Each(table, "mul.lo", typeof(Multiply<>), All);
        Each(table, "mad.lo", typeof(MadLow<>), All);
        Each(table, "div", typeof(Divide<>), All);
        Each(table, "rem", typeof(Remainder<>), All);
        Each(table, "min", typeof(Minimum<>), All);
        Each(table, "max", typeof(Maximum<>), All);
        Each(table, "neg", typeof(Negate<>), "s16 s32 s64");
        Each(table, "abs", typeof(Absolute<>), "s16 s32 s64");
        Each(table, "and", typeof(And<>), Bits);
        Each(table, "or", typeof(Or<>), Bits);
        Each(table, "xor", typeof(Xor<>), Bits);
        Each(table, "not", typeof(Not<>), Bits);
        Each(table, "shl", typeof(ShiftLeft<>), Bits);
        Each(table, "shr", typeof(ShiftRight<>), Bits + " " + All);
        Each(table, "popc", typeof(PopCount<>), "b32 b64");
        Each(table, "clz", typeof(LeadingZeros<>), "b32 b64");
        Each(table, "brev", typeof(ReverseBits<>), "b32 b64");
        Each(table, "bfe", typeof(FieldExtract<>), "s32 u32 s64 u64");
        Each(table, "bfi", typeof(FieldInsert<>), "b32 b64");
        Each(table, "mov", typeof(Copy<>), Bits + " " + All + " f32 f64");
        table["prmt.b32"] = typeof(Permute);
        table["lop3.b32"] = typeof(Logic3);
        foreach ((string type, string wide) in new[]
            {
                ("s16", "s32"), ("u16", "u32"), ("s32", "s64"), ("u32", "u64"), ("s64", "s128"), ("u64", "u128"),
            })
        {
            Type[] types = [ElementTypes.Of(type), ElementTypes.Of(wide)];
            table[$"mul.hi.{type}"] = typeof(MulHigh<,>).MakeGenericType(types);
            if (type is not "s64" and not "u64")
            {
                table[$"mul.wide.{type}"] = typeof(MulWide<,>).MakeGenericType(types);
                table[$"mad.wide.{type}"] = typeof(MadWide<,>).MakeGenericType(types);
            }
        }
    }

    private static void Floats(Dictionary<string, Type> table)
    {
        string[] optional = ["", ".rn"];
        string[] required = [".rn"];
        string[] none = [""];
        foreach ((string name, Type operation) in new[] { ("add", typeof(Add<>)), ("sub", typeof(Subtract<>)), ("mul", typeof(Multiply<>)) })
        {
            Float(table, name, operation, "f32 f64 f16", optional, saturates: true);
            Half2(table, name, operation, optional);
        }

        Float(table, "fma", typeof(FusedMultiplyAdd<>), "f32 f64", required, saturates: true);
        Float(table, "mad", typeof(FusedMultiplyAdd<>), "f32 f64", required, saturates: true);
        Modified(table, "fma.rn", typeof(FusedMultiplyAddHalf), "f16", saturates: true);
        table["fma.rn.f16x2"] = typeof(Packed3<FusedMultiplyAddHalf, Half>);
        table["fma.rn.ftz.f16x2"] = typeof(Packed3<Ftz3<FusedMultiplyAddHalf, Half, Half, Half, Half>, Half>);
        table["fma.rn.bf16"] = typeof(FusedMultiplyAddBFloat16);
        table["fma.rn.bf16x2"] = typeof(Packed3<FusedMultiplyAddBFloat16, BFloat16>);
        Float(table, "div", typeof(DivideFloat<>), "f32 f64", required, saturates: false);
        Float(table, "div", typeof(DivideFloat<>), "f32", [".approx", ".full"], saturates: false);
        foreach ((string name, Type operation) in new[]
            {
                ("min", typeof(Minimum<>)), ("max", typeof(Maximum<>)), ("neg", typeof(Negate<>)), ("abs", typeof(Absolute<>)),
            })
        {
            Float(table, name, operation, "f32 f64 f16", none, saturates: false);
            Half2(table, name, operation, none);
        }

        foreach ((string name, Type operation) in new[] { ("min", typeof(MinimumOrNaN<>)), ("max", typeof(MaximumOrNaN<>)) })
        {
            Float(table, name, operation, "f32 f16", none, saturates: false, suffix: ".NaN");
            Half2(table, name, operation, none, suffix: ".NaN");
        }

        foreach ((string name, Type operation) in new[]
            {
                ("rcp.rn", typeof(Reciprocal)), ("rcp.approx", typeof(Reciprocal)),
                ("sqrt.rn", typeof(SquareRoot)), ("sqrt.approx", typeof(SquareRoot)),
                ("rsqrt.approx", typeof(ReciprocalSquareRoot)), ("ex2.approx", typeof(Exponential2)), ("lg2.approx", typeof(Logarithm2)),
                ("sin.approx", typeof(Sine)), ("cos.approx", typeof(Cosine)),
            })
        {
            Modified(table, name, operation, "f32", saturates: false);
        }

        table["tanh.approx.f32"] = typeof(HyperbolicTangent);
        table["rcp.rn.f64"] = typeof(ReciprocalDouble);
        table["sqrt.rn.f64"] = typeof(SquareRootDouble);
        table["rsqrt.approx.f64"] = typeof(ReciprocalSquareRootDouble);
    }

    // f16x2, bf16 and bf16x2 of an operation on one number.
    private static void Half2(Dictionary<string, Type> table, string name, Type operation, string[] roundings, string suffix = "")
    {
        Type half = operation.MakeGenericType(typeof(Half));
        Type single = operation.MakeGenericType(typeof(float));
        bool unary = half.GetInterfaces()[0].GetGenericTypeDefinition() == typeof(IUnary<,>);
        Type packed = unary ? typeof(Packed1<,>) : typeof(Packed2<,>);
        Type bfloat = (unary ? typeof(ViaSingle1<>) : typeof(ViaSingle2<>)).MakeGenericType(single);
        foreach (string rounding in roundings)
        {
            table[$"{name}{rounding}{suffix}.f16x2"] = packed.MakeGenericType(half, typeof(Half));
            table[$"{name}{rounding}.ftz{suffix}.f16x2"] = packed.MakeGenericType(Wrappers.Flushing(half), typeof(Half));
            table[$"{name}{rounding}{suffix}.bf16"] = bfloat;
            table[$"{name}{rounding}{suffix}.bf16x2"] = packed.MakeGenericType(bfloat, typeof(BFloat16));
        }
    }

    private static void Float(
        Dictionary<string, Type> table, string name, Type operation, string types, string[] roundings, bool saturates, string suffix = "")
    {
        foreach (string type in types.Split(' '))
        {
            foreach (string rounding in roundings)
            {
                Type exact = operation.MakeGenericType(ElementTypes.Of(type));
                Modified(table, name + rounding, exact, type, saturates && type != "f64", suffix);
            }
        }
    }

    // With and without .ftz and .sat; f64 knows neither.
    private static void Modified(Dictionary<string, Type> table, string name, Type operation, string type, bool saturates, string suffix = "")
    {
        foreach (bool flushes in type == "f64" ? new[] { false } : [false, true])
        {
            Type flushed = flushes ? Wrappers.Flushing(operation) : operation;
            string flushedName = name + (flushes ? ".ftz" : "") + suffix;
            table[$"{flushedName}.{type}"] = flushed;
            if (saturates)
            {
                table[$"{flushedName}.sat.{type}"] = Wrappers.Saturating(flushed);
            }
        }
    }

    private static void Each(Dictionary<string, Type> table, string name, Type operation, string types)
    {
        foreach (string type in types.Split(' '))
        {
            table[$"{name}.{type}"] = operation.MakeGenericType(ElementTypes.Of(type));
        }
    }
}
