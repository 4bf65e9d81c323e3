namespace L2c;

/// <summary>A row of a log as a picture needs it.</summary>
/// <param name="Step">Optimisation steps done.</param>
/// <param name="Loss">Mean loss; any value.</param>
/// <param name="Reuse">Share of the branches that a router reuses; NaN where the log has none.</param>
internal readonly record struct LossRow(double Step, double Loss, double Reuse)
{
    /// <summary>The column of <see cref="Reuse"/>.</summary>
    public const string ReuseColumn = "reuse";

    /// <summary>Of a log.</summary>
    public static LossRow[] Of(LogTable log)
    {
        int reuse = log.Columns.ToList().IndexOf(ReuseColumn);
        return [.. log.Rows.Select(row => new LossRow(row[0], row[1], reuse < 0 ? double.NaN : row[reuse]))];
    }
}
