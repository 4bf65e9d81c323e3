using L2c.Emulation.Instructions;

namespace L2c.Emulation.Decoding;

/// <summary>cvt{.rounding}{.ftz}{.sat}.to.from</summary>
internal static class ConversionDecoder
{
    public static Op Decode(Operands operands)
    {
        switch (operands.Opcode)
        {
            case "cvt.rn.f16x2.f32":
                return Two(operands, typeof(Binary<SinglesToHalves, float, float, Pair<Half>>));
            case "cvt.rn.bf16x2.f32":
                return Two(operands, typeof(Binary<SinglesToBFloat16s, float, float, Pair<BFloat16>>));
            case "cvt.rna.tf32.f32":
                operands.RequireCount(2, 2);
                return new Unary<SingleToTf32, float, uint>(operands.Result(0, 32), operands.Source(1, 32, isFloat: true));
        }

        string[] parts = operands.Parts;
        List<string> modifiers = [.. parts[1..^2]];
        string? rounding = modifiers.Count > 0 && modifiers[0] is not ("ftz" or "sat") ? modifiers[0] : null;
        modifiers.RemoveRange(0, rounding is null ? 0 : 1);
        bool flushes = modifiers.Remove("ftz");
        bool saturates = modifiers.Remove("sat");
        if (parts.Length < 3 || modifiers.Count > 0 || !ElementTypes.IsKnown(parts[^1]) || !ElementTypes.IsKnown(parts[^2])
            || parts[^1][0] == 'b' && parts[^1] != "bf16" || parts[^2][0] == 'b' && parts[^2] != "bf16")
        {
            throw operands.Unknown();
        }

        Type to = ElementTypes.Of(parts[^2]);
        Type from = ElementTypes.Of(parts[^1]);
        bool touchesSingle = to == typeof(float) || from == typeof(float);
        Type? operation = Find(from, to, rounding, saturates && !IsFloat(to));
        if (operation is null || (flushes && !touchesSingle) || (saturates && IsFloat(to) && to == typeof(BFloat16)))
        {
            throw operands.Unknown();
        }

        operation = flushes ? typeof(FtzConversion<,,>).MakeGenericType(operation, from, to) : operation;
        operation = saturates && IsFloat(to) ? Wrappers.Saturating(operation) : operation;
        operands.RequireCount(2, 2);
        return (Op)Activator.CreateInstance(
            typeof(Conversion<,,>).MakeGenericType(operation, from, to),
            operands.ResultAtLeast(operands[0], ElementTypes.Bits(to)),
            operands.SourceAtLeast(operands[1], ElementTypes.Bits(from), ElementTypes.IsFloat(from)))!;
    }

    private static Type? Find(Type from, Type to, string? rounding, bool saturates)
    {
        if (from == typeof(BFloat16) || to == typeof(BFloat16))
        {
            return (from == typeof(float), to == typeof(float), rounding) switch
            {
                (true, _, "rn") => typeof(SingleToBFloat16),
                (true, _, "rz") => typeof(SingleToBFloat16TowardsZero),
                (_, true, null) => typeof(BFloat16ToSingle),
                _ => null,
            };
        }

        if (!IsFloat(from))
        {
            // .sat is refused where the target holds every value of the source.
            bool signed = from.Name[0] != 'U' && from != typeof(byte);
            bool toSigned = to.Name[0] != 'U' && to != typeof(byte);
            int spare = ElementTypes.Bits(to) - ElementTypes.Bits(from);
            bool holds = signed == toSigned ? spare >= 0 : toSigned && spare > 0;
            return !IsFloat(to)
                ? rounding is not null || (saturates && holds) ? null
                    : (saturates ? typeof(Saturating<,>) : typeof(Truncating<,>)).MakeGenericType(from, to)
                : rounding == "rn" ? typeof(ToNearest<,>).MakeGenericType(from, to) : null;
        }

        Type? whole = rounding switch
        {
            "rni" => typeof(RoundNearest),
            "rzi" => typeof(RoundZero),
            "rmi" => typeof(RoundDown),
            "rpi" => typeof(RoundUp),
            _ => null,
        };
        if (!IsFloat(to))
        {
            return whole is null ? null : typeof(RoundToInteger<,,>).MakeGenericType(from, to, whole);
        }

        if (from == to)
        {
            return whole is not null ? typeof(RoundToWhole<,>).MakeGenericType(from, whole)
                : rounding is null ? typeof(ToNearest<,>).MakeGenericType(from, to) : null;
        }

        bool widens = ElementTypes.Bits(to) > ElementTypes.Bits(from);
        return (widens, rounding) switch
        {
            (true, null) => typeof(ToNearest<,>).MakeGenericType(from, to),
            (false, "rn") => typeof(ToNearest<,>).MakeGenericType(from, to),
            (false, "rz") => typeof(TowardsZero<,,>).MakeGenericType(from, to, to == typeof(Half) ? typeof(ushort) : typeof(uint)),
            _ => null,
        };
    }

    private static Op Two(Operands operands, Type op)
    {
        operands.RequireCount(3, 3);
        return (Op)Activator.CreateInstance(
            op, operands.Result(0, 32), operands.Source(1, 32, isFloat: true), operands.Source(2, 32, isFloat: true))!;
    }

    private static bool IsFloat(Type type) => type == typeof(Half) || type == typeof(BFloat16) || type == typeof(float) || type == typeof(double);
}
