namespace L2c.Weights;

/// <summary>Words that a user may write where only certain words have a meaning: found in any case of letters, or the nearest of them.</summary>
public static class KnownWords
{
    // Shorter ones are part of too many words.
    private const int ShortestPart = 4;

    /// <summary>The word as it is spelt, whatever the case of the user's letters.</summary>
    /// <param name="word">What the user wrote.</param>
    /// <param name="known">The words there are.</param>
    /// <returns>Null when it is none of them.</returns>
    public static string? Find(string word, IEnumerable<string> known) =>
        known.FirstOrDefault(candidate => candidate.Equals(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>The word that the user probably meant: the first of the nearest ones.</summary>
    /// <param name="word">What the user wrote, which is none of them.</param>
    /// <param name="known">The words there are.</param>
    /// <returns>Null when none is near enough: a word of up to three letters may be one letter off, of up to eight two, a longer one three, and only
    /// one that is a single letter off may have another first letter; or it is a part of exactly one of them.</returns>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        string[] words = [.. known.Distinct()];
        (string? best, int distance) = (null, int.MaxValue);
        foreach (string candidate in words)
        {
            int its = Distance(word.ToUpperInvariant(), candidate.ToUpperInvariant());
            (best, distance) = its < distance ? (candidate, its) : (best, distance);
        }

        if (distance <= Tolerance(word) && (distance <= 1 || SameStart(word, best!)))
        {
            return best;
        }

        string[] longer = Letters(word).Length < ShortestPart
            ? []
            : [.. words.Where(candidate => candidate.Contains(Letters(word), StringComparison.OrdinalIgnoreCase))];
        return longer.Length == 1 ? longer[0] : null;
    }

    /// <summary>The end of an error message, <c>; did you mean WORD?</c>; nothing when no word is near enough.</summary>
    /// <param name="word">What the user wrote.</param>
    /// <param name="known">The words there are.</param>
    public static string DidYouMean(string word, IEnumerable<string> known) => Nearest(word, known) is { } near ? $"; did you mean {near}?" : "";

    /// <summary>The least number of letters to insert, delete, change or swap with their neighbour (optimal string alignment).</summary>
    internal static int Distance(string a, string b)
    {
        // Rows of the table: i - 2, i - 1 and i.
        int[] before = new int[b.Length + 1], last = [.. Enumerable.Range(0, b.Length + 1)], row = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(change, Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, last, row) = (last, row, before);
        }

        return last[b.Length];
    }

    private static string Letters(string word) => word.TrimStart('-');

    private static int Tolerance(string word) => Letters(word).Length switch { < 2 => 0, <= 3 => 1, <= 8 => 2, _ => 3 };

    private static bool SameStart(string a, string b) =>
        a.AsSpan().TrimStart('-')[..1].Equals(b.AsSpan().TrimStart('-')[..1], StringComparison.OrdinalIgnoreCase);
}
