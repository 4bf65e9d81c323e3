using L2c.Emulation.Instructions;
using L2c.Emulation.Machine;
using L2c.Emulation.Parsing;

namespace L2c.Emulation.Decoding;

/// <summary>ld, st, cvta, cp.async.</summary>
internal static class MemoryDecoder
{
    // Ordering and cache hints that change nothing where memory is sequentially consistent and has no caches.
    private static readonly HashSet<string> _hints =
    [
        "weak", "relaxed", "acquire", "release", "volatile", "cta", "gpu", "sys", "ca", "cg", "cs", "lu", "cv", "wb", "wt", "nc",
    ];

    public static Op LoadStore(Operands operands, ref int granule)
    {
        bool loads = operands.Parts[0] is "ld" or "ldu";
        string space = "generic";
        int count = 1;
        string? type = null;
        foreach (string part in operands.Parts.Skip(1))
        {
            switch (part)
            {
                case "global" or "shared" or "local" or "param" or "shared::cta":
                    space = part == "shared::cta" ? "shared" : part;
                    break;
                case "v2" or "v4":
                    count = part[1] - '0';
                    break;
                case string known when ElementTypes.IsKnown(known):
                    type = known;
                    break;
                case string hint when _hints.Contains(hint) || hint.StartsWith("L1::", StringComparison.Ordinal)
                    || hint.StartsWith("L2::", StringComparison.Ordinal):
                    break;
                default:
                    throw operands.Unknown();
            }
        }

        if (type is null)
        {
            throw operands.Unknown();
        }

        operands.RequireCount(2, 2);
        int values = loads ? 0 : 1;
        Address address = operands.Address(1 - values, space is "global" or "generic" ? 64 : 32, out Variable? variable);
        int bits = PtxType.Bits(type, operands.Line);
        if (bits / 8 * count > 16)
        {
            throw operands.Error("an access has at most 16 bytes");
        }

        IReadOnlyList<PtxOperand> list = operands.List(values);
        if (list.Count != count)
        {
            throw operands.Error($"{list.Count} registers for {count} values");
        }

        Register[] registers = [.. list.Select(value => loads
            ? operands.ResultAtLeast(value, bits)
            : operands.SourceAtLeast(value, bits, type is "f32" or "f64"))];
        if (space is "shared" or "generic")
        {
            granule = Math.Min(granule, bits / 8 * count);
        }

        Type place = space switch
        {
            "global" => typeof(GlobalSpace),
            "shared" => typeof(SharedSpace),
            "local" => typeof(LocalSpace),
            "param" => (variable ?? throw operands.Error("a parameter is addressed by its name")).Space == VariableSpace.Local
                ? typeof(LocalSpace)
                : typeof(ParameterSpace),
            _ => typeof(GenericSpace),
        };
        Type op = (loads ? typeof(Load<,>) : typeof(Store<,>)).MakeGenericType(place, ElementTypes.Of(type));
        return (Op)Activator.CreateInstance(op, registers, address)!;
    }

    /// <summary>cvta{.to}.space.u64: between a space's own addresses and generic ones.</summary>
    public static Op ConvertAddress(Operands operands)
    {
        operands.RequireCount(2, 2);
        bool to = operands.Parts[1] == "to";
        string space = operands.Parts[to ? 2 : 1];
        if (operands.Parts.Length != (to ? 4 : 3) || operands.Parts[^1] != "u64")
        {
            throw operands.Unknown();
        }

        ulong window = space switch
        {
            "global" => 0,
            "shared" => Window.Shared,
            "local" => Window.Local,
            _ => throw operands.Unknown(),
        };
        Register offset = operands.Literal(64, to ? unchecked(0 - window) : window);
        return new Binary<Add<ulong>, ulong, ulong, ulong>(operands.Result(0, 64), operands.Source(1, 64), offset);
    }

    /// <summary>cp.async and its groups.</summary>
    public static Op AsyncCopy(Operands operands, ref int granule)
    {
        switch (operands.Opcode)
        {
            case "cp.async.commit_group":
                operands.RequireCount(0, 0);
                return new CommitCopies();
            case "cp.async.wait_all":
                operands.RequireCount(0, 0);
                return new WaitForCopies(null);
            case "cp.async.wait_group":
                operands.RequireCount(1, 1);
                return new WaitForCopies(operands[0] is NumberOperand number
                    ? (int)PtxLiteral.Integer(number.Text, operands.Line)
                    : throw operands.Error("the number of groups must be a literal"));
        }

        string[] parts = operands.Parts;
        bool known = parts.Length >= 5 && parts[1] == "async" && parts[2] is "ca" or "cg" && parts[3] is "shared" or "shared::cta"
            && parts[4] == "global" && parts.Skip(5).All(part => part.StartsWith("L2::", StringComparison.Ordinal) && part != "L2::cache_hint");
        if (!known)
        {
            throw operands.Unknown();
        }

        operands.RequireCount(3, 4);
        Address destination = operands.Address(0, 32, out _);
        Address source = operands.Address(1, 64, out _);
        long bytes = operands[2] is NumberOperand size ? PtxLiteral.Integer(size.Text, operands.Line) : 0;
        if (bytes != 16 && (parts[2] == "cg" || bytes is not (4 or 8)))
        {
            throw operands.Error("copies are of 16 bytes, with .ca also of 4 or 8");
        }

        granule = Math.Min(granule, (int)bytes);
        bool ignores = operands.Count == 4 && operands.IsPredicate(3);
        return new BeginCopy(
            destination,
            source,
            (int)bytes,
            operands.Count == 4 && !ignores ? operands.Source(3, 32) : null,
            ignores ? operands.Predicate(3) : null);
    }
}
