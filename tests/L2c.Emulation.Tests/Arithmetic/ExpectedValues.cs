using System.Globalization;

namespace L2c.Emulation.Tests.Arithmetic;

/// <summary>The cases of expected.txt.</summary>
internal static class ExpectedValues
{
    /// <summary>One opcode's cases: operands and result, with their widths in bits (1 for a predicate).</summary>
    internal sealed record Form(string Opcode, int[] Widths, int ResultWidth, List<ulong[]> Operands, List<ulong> Results);

    public static IReadOnlyDictionary<string, Form> Forms { get; } = Load();

    private static Dictionary<string, Form> Load()
    {
        Dictionary<string, Form> forms = [];
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Arithmetic", "expected.txt")))
        {
            string[] parts = line.Split(": ");
            foreach (string text in parts[1].Split("; "))
            {
                string[] sides = text.Split(" = ");
                string[] operands = sides[0].Split(' ');
                if (!forms.TryGetValue(parts[0], out Form? form))
                {
                    form = new Form(parts[0], [.. operands.Select(Width)], Width(sides[1]), [], []);
                    forms.Add(parts[0], form);
                }

                form.Operands.Add([.. operands.Select(Value)]);
                form.Results.Add(Value(sides[1]));
            }
        }

        return forms;
    }

    private static int Width(string text) => text is "T" or "F" ? 1 : text.Length * 4;

    private static ulong Value(string text) =>
        text is "T" or "F" ? (text == "T" ? 1UL : 0) : ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
