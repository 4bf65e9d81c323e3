using L2c.Emulation.Instructions;
using L2c.Emulation.Parsing;

namespace L2c.Emulation.Decoding;

/// <summary>setp, set, selp, testp.</summary>
internal static class ComparisonDecoder
{
    private static readonly Dictionary<string, (Type Comparison, bool Inverse)> _comparisons = new()
    {
        ["eq"] = (typeof(Equal<>), false),
        ["ne"] = (typeof(NotEqual<>), false),
        ["lt"] = (typeof(Less<>), false),
        ["le"] = (typeof(LessOrEqual<>), false),
        ["gt"] = (typeof(Greater<>), false),
        ["ge"] = (typeof(GreaterOrEqual<>), false),
        ["lo"] = (typeof(Less<>), false),
        ["ls"] = (typeof(LessOrEqual<>), false),
        ["hi"] = (typeof(Greater<>), false),
        ["hs"] = (typeof(GreaterOrEqual<>), false),
        ["equ"] = (typeof(NotEqual<>), true),
        ["neu"] = (typeof(Equal<>), true),
        ["ltu"] = (typeof(GreaterOrEqual<>), true),
        ["leu"] = (typeof(Greater<>), true),
        ["gtu"] = (typeof(LessOrEqual<>), true),
        ["geu"] = (typeof(Less<>), true),
        ["num"] = (typeof(Unordered<>), true),
        ["nan"] = (typeof(Unordered<>), false),
    };

    public static Op Decode(Operands operands) => operands.Parts[0] switch
    {
        "setp" => SetPredicate(operands),
        "set" => SetValue(operands),
        "selp" => Select(operands),
        _ => Test(operands),
    };

    private static SetPredicate SetPredicate(Operands operands)
    {
        List<string> parts = [.. operands.Parts.Skip(1)];
        BooleanOperation operation = parts.Count > 2 ? parts[1] switch
        {
            "and" => BooleanOperation.And,
            "or" => BooleanOperation.Or,
            "xor" => BooleanOperation.Xor,
            _ => BooleanOperation.None,
        }
        : BooleanOperation.None;
        bool combines = operation != BooleanOperation.None;
        if (combines)
        {
            parts.RemoveAt(1);
        }

        bool flushes = parts.Remove("ftz");
        if (parts.Count != 2)
        {
            throw operands.Unknown();
        }

        operands.RequireCount(combines ? 4 : 3, combines ? 4 : 3);
        PairOperand? pair = operands[0] as PairOperand;
        return new SetPredicate(
            Compare(operands, parts[0], parts[1], flushes),
            pair is null ? operands.PredicateResult(0) : operands.PredicateRegister(pair.First),
            pair is null ? null : operands.PredicateRegister(pair.Second),
            operation,
            combines ? operands.Predicate(3) : null);
    }

    private static SetValue SetValue(Operands operands)
    {
        List<string> parts = [.. operands.Parts.Skip(1)];
        bool flushes = parts.Remove("ftz");
        if (parts.Count != 3 || parts[1] is not ("u32" or "s32" or "f32"))
        {
            throw operands.Unknown();
        }

        operands.RequireCount(3, 3);
        uint whenTrue = parts[1] == "f32" ? BitConverter.SingleToUInt32Bits(1f) : uint.MaxValue;
        return new SetValue(Compare(operands, parts[0], parts[2], flushes), operands.Result(0, 32), whenTrue);
    }

    private static Comparison Compare(Operands operands, string name, string type, bool flushes)
    {
        bool isFloat = type is "f16" or "bf16" or "f32" or "f64";
        bool onlyUnsigned = name is "lo" or "ls" or "hi" or "hs";
        bool onlyFloat = name is "equ" or "neu" or "ltu" or "leu" or "gtu" or "geu" or "num" or "nan";
        bool onlyEqual = type is "b16" or "b32" or "b64" && name is not ("eq" or "ne");
        if (!_comparisons.TryGetValue(name, out (Type Comparison, bool Inverse) found) || !ElementTypes.IsKnown(type) || type.EndsWith('8')
            || (onlyFloat && !isFloat) || (onlyUnsigned && type[0] != 'u') || onlyEqual || (flushes && type is not ("f16" or "f32")))
        {
            throw operands.Unknown();
        }

        Type element = ElementTypes.Of(type);
        Type number = element == typeof(BFloat16) ? typeof(float) : element;
        Type comparison = found.Comparison.MakeGenericType(number);
        comparison = found.Inverse ? typeof(Inverse<,>).MakeGenericType(comparison, number) : comparison;
        comparison = flushes ? typeof(FtzCompare<,>).MakeGenericType(comparison, number) : comparison;
        comparison = element == typeof(BFloat16) ? typeof(ViaSingleCompare<>).MakeGenericType(comparison) : comparison;
        int bits = ElementTypes.Bits(element);
        bool literals = ElementTypes.IsFloat(element);
        return (Comparison)Activator.CreateInstance(
            typeof(Comparison<,>).MakeGenericType(comparison, element), operands.Source(1, bits, literals), operands.Source(2, bits, literals))!;
    }

    private static Op Select(Operands operands)
    {
        string type = operands.Parts[^1];
        if (operands.Parts.Length != 2 || !ElementTypes.IsKnown(type) || type.EndsWith('8') || type is "f16" or "bf16")
        {
            throw operands.Unknown();
        }

        operands.RequireCount(4, 4);
        Type element = ElementTypes.Of(type);
        int bits = ElementTypes.Bits(element);
        bool literals = ElementTypes.IsFloat(element);
        return (Op)Activator.CreateInstance(
            typeof(Select<>).MakeGenericType(element),
            operands.Result(0, bits),
            operands.Source(1, bits, literals),
            operands.Source(2, bits, literals),
            operands.Predicate(3))!;
    }

    private static Op Test(Operands operands)
    {
        Type? test = operands.Parts[1] switch
        {
            "finite" => typeof(IsFinite<>),
            "infinite" => typeof(IsInfinite<>),
            "number" => typeof(IsNumber<>),
            "notanumber" => typeof(IsNaN<>),
            "normal" => typeof(IsNormal<>),
            "subnormal" => typeof(IsSubnormal<>),
            _ => null,
        };
        if (test is null || operands.Parts.Length != 3 || operands.Parts[2] is not ("f32" or "f64"))
        {
            throw operands.Unknown();
        }

        operands.RequireCount(2, 2);
        Type element = ElementTypes.Of(operands.Parts[2]);
        return (Op)Activator.CreateInstance(
            typeof(TestProperty<,>).MakeGenericType(test.MakeGenericType(element), element),
            operands.PredicateResult(0),
            operands.Source(1, ElementTypes.Bits(element), isFloat: true))!;
    }
}
