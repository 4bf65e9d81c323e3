using System.Globalization;
using System.Text.RegularExpressions;

namespace L2c.Kernels.Cuda;

/// <summary>Corrections to the compiler's PTX that it has no option for.</summary>
internal static partial class PtxText
{
    /// <summary>Sets the target line, turns generic loads and stores into global ones, lets conditional branches diverge, and keeps the operands of
    /// inline assembly in registers; declares the dynamic shared memory of <see cref="SharedTiles"/>.</summary>
    /// <remarks>
    /// ILGPU writes <c>.target sm_80</c> for every newer architecture. And it cannot know where a raw address points, so it emits <c>ld.f32</c>,
    /// which tests the address for the shared and local windows; but every address in a packed parameter is device memory by contract, and the
    /// compiler itself marks its accesses to shared and local memory, so what is left unmarked is global. Generic and global addresses are equal.
    /// It takes what inline assembly computes for the same in all threads, and marks a branch on it <c>.uni</c>, which lets the hardware send a
    /// whole warp one way; a conditional branch loses the mark. ptxas finds out by itself which branches are uniform, and unrolls loops again.
    /// Labels and parameters carry numbers of a process-wide counter; they are renumbered, so that one kernel has one text and the driver's own
    /// cache of machine code finds it again.
    /// </remarks>
    public static string Finish(string ptx, PtxTarget target)
    {
        string[] lines = TargetLine().Split(ptx);
        if (lines.Length != 2)
        {
            throw new InvalidOperationException($"PTX: expected one .target line, found {lines.Length - 1}; the compiler's output has changed");
        }

        ptx = UnmarkedAccess().Replace(DeclareSharedTiles($"{lines[0]}.target {target.Name}{lines[1]}"), "$1.global.");
        return Renumber(LocalSlots.Promote(ConditionalUniformBranch().Replace(ptx, "$1")));
    }

    // Inline assembly can name a variable and not declare one at module scope, where dynamic shared memory is declared.
    private static string DeclareSharedTiles(string ptx) => ptx.Contains(SharedTiles.Symbol, StringComparison.Ordinal)
        ? AddressSize().Replace(ptx, $"$0\n\n.extern .shared .align 16 .b8 {SharedTiles.Symbol}[];", 1)
        : ptx;

    private static string Renumber(string ptx)
    {
        Dictionary<string, string> names = [];
        return NumberedName().Replace(ptx, match =>
        {
            if (!names.TryGetValue(match.Value, out string? name))
            {
                name = string.Create(CultureInfo.InvariantCulture, $"{match.Groups[1].Value}_{names.Count}");
                names.Add(match.Value, name);
            }

            return name;
        });
    }

    [GeneratedRegex(@"^\.target sm_\d+$", RegexOptions.Multiline)]
    private static partial Regex TargetLine();

    [GeneratedRegex(@"^\.address_size 64$", RegexOptions.Multiline)]
    private static partial Regex AddressSize();

    [GeneratedRegex(@"(@!?%p\d+\s+bra)\.uni\b")]
    private static partial Regex ConditionalUniformBranch();

    // A label "L_1070" or a parameter "_channels_484". No other name has this form, so that new names cannot meet old ones.
    [GeneratedRegex(@"(?<![\w%$.])(L|_[A-Za-z]\w*?)_\d+\b")]
    private static partial Regex NumberedName();

    // "ld.f32" and "st.v4.f32" have the type or vector width right after the opcode; "ld.shared.f32" and "ld.param.b64" have a state space there.
    [GeneratedRegex(@"\b(ld|st)\.(?=[bfsu]\d|v\d)")]
    private static partial Regex UnmarkedAccess();
}
