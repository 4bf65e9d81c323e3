using System.Globalization;
using System.Text.RegularExpressions;

namespace L2c.Kernels.Cuda;

/// <summary>Turns slots of local memory that are used as variables into registers.</summary>
/// <remarks>
/// ILGPU passes every output operand of inline assembly through a slot of its own: <c>.local .align 4 .b8 __local_depot0[4];</c>, its address in a
/// register by one <c>mov</c>, then <c>st.local</c> and <c>ld.local</c> on that register. Left alone, each is a round trip to memory in the
/// innermost loop. A slot becomes a register exactly if nothing but whole loads and stores at offset 0 sees its address; then no other access can
/// reach it, and a register and a thread's private memory are the same thing. Any other use of the address register (arithmetic, an operand, another
/// definition, a part of the slot) leaves the slot as it is. Names are looked at over the whole text, so several functions in one module are safe.
/// </remarks>
internal static partial class LocalSlots
{
    /// <summary>The same program with every slot that allows it in a register.</summary>
    public static string Promote(string ptx)
    {
        string[] lines = ptx.Split('\n');
        Dictionary<string, Slot> byRegister = FindSlots(lines);
        for (int i = 0; i < lines.Length; i++)
        {
            Inspect(lines[i], byRegister);
        }

        List<string> result = new(lines.Length);
        HashSet<string> promoted = [.. byRegister.Values.Where(slot => slot.IsVariable).Select(slot => slot.Name)];
        foreach (string line in lines)
        {
            if (Declaration().Match(line) is { Success: true } declaration && promoted.Contains(declaration.Groups["slot"].Value))
            {
                result.Add($"\t.reg .b{8 * Bytes(declaration)} {Register(declaration.Groups["slot"].Value)};");
            }
            else if (!(AddressOf().Match(line) is { Success: true } address && promoted.Contains(address.Groups["slot"].Value)))
            {
                result.Add(Rewrite(line, byRegister));
            }
        }

        return string.Join('\n', result);
    }

    private static Dictionary<string, Slot> FindSlots(string[] lines)
    {
        Dictionary<string, int> bytes = [];
        foreach (Match declaration in lines.Select(line => Declaration().Match(line)).Where(match => match.Success))
        {
            // A name declared twice (in two functions) is nobody's: 0 bytes match no access.
            string name = declaration.Groups["slot"].Value;
            bytes[name] = bytes.ContainsKey(name) ? 0 : Bytes(declaration);
        }

        Dictionary<string, Slot> byRegister = [];
        Dictionary<string, Slot> byName = [];
        foreach (Match address in lines.Select(line => AddressOf().Match(line)).Where(match => match.Success))
        {
            string name = address.Groups["slot"].Value, register = address.Groups["register"].Value;
            Slot slot = new(name, bytes.GetValueOrDefault(name));
            if (!byName.TryAdd(name, slot) || !byRegister.TryAdd(register, slot))
            {
                slot.IsVariable = false;
                byName[name].IsVariable = false;
                if (byRegister.TryGetValue(register, out Slot? other))
                {
                    other.IsVariable = false;
                }
            }
        }

        return byRegister;
    }

    private static void Inspect(string line, Dictionary<string, Slot> byRegister)
    {
        if (AddressOf().IsMatch(line))
        {
            return;
        }

        Match access = Access().Match(line);
        foreach (Match register in WideRegister().Matches(line))
        {
            if (byRegister.TryGetValue(register.Value, out Slot? slot))
            {
                bool isWholeAccess = access.Success
                    && register.Index == access.Groups["register"].Index
                    && int.Parse(access.Groups["bits"].Value, CultureInfo.InvariantCulture) == 8 * slot.Bytes
                    && slot.Bytes > 1;
                slot.IsVariable &= isWholeAccess;
            }
        }
    }

    private static string Rewrite(string line, Dictionary<string, Slot> byRegister)
    {
        Match access = Access().Match(line);
        if (!access.Success || !byRegister.TryGetValue(access.Groups["register"].Value, out Slot? slot) || !slot.IsVariable)
        {
            return line;
        }

        string register = Register(slot.Name);
        string operands = access.Groups["from"].Success
            ? $"{access.Groups["from"].Value}, {register}"
            : $"{register}, {access.Groups["value"].Value}";
        return $"{access.Groups["guard"].Value}mov.b{access.Groups["bits"].Value}\t{operands};";
    }

    // Own names: the compiler's registers start with a percent sign.
    private static string Register(string slot) => "slot" + slot[Prefix.Length..];

    private static int Bytes(Match declaration) => int.Parse(declaration.Groups["bytes"].Value, CultureInfo.InvariantCulture);

    private const string Prefix = "__local_depot";

    [GeneratedRegex(@"^\s*\.local \.align \d+ \.b8 (?<slot>__local_depot\d+)\[(?<bytes>\d+)\];\s*$")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^\s*mov\.b64\s+(?<register>%rd\d+), (?<slot>__local_depot\d+);\s*$")]
    private static partial Regex AddressOf();

    // One whole access, of 16, 32 or 64 bits: a load into a register, or a store of a register or constant.
    [GeneratedRegex(
        @"^(?<guard>\s*(?:@!?%p\d+\s+)?)(?:ld\.local\.[bfsu](?<bits>16|32|64)\s+(?<from>%\w+), \[(?<register>%rd\d+)\]|" +
        @"st\.local\.[bfsu](?<bits>16|32|64)\s+\[(?<register>%rd\d+)\], (?<value>[^,;\[\]{}]+));\s*$")]
    private static partial Regex Access();

    [GeneratedRegex(@"%rd\d+\b")]
    private static partial Regex WideRegister();

    private sealed class Slot(string name, int bytes)
    {
        public string Name { get; } = name;

        public int Bytes { get; } = bytes;

        public bool IsVariable { get; set; } = true;
    }
}
