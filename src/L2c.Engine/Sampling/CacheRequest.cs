using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c;

/// <summary>What is asked about caching: a router, a rule, a schedule file or a schedule of the program's own, or nothing.</summary>
public sealed record CacheRequest
{
    private const string Both = "both:";

    /// <summary>Router file.</summary>
    public string? Router { get; init; }

    /// <summary>Threshold for the router's scores; null for the published one.</summary>
    public double? Threshold { get; init; }

    /// <summary>A rule in any case of letters, or a schedule file that ends in <c>.json</c>, which <c>both:</c> may stand before as before a
    /// rule.</summary>
    public string? Rule
    {
        get;
        init => field = value is null || IsFile(value) ? value : ScheduleRule.Canonical(value);
    }

    /// <summary>A schedule, or a rule, that the program makes itself.</summary>
    public OwnSchedule? Own { get; init; }

    /// <summary>What outputs are kept in between evaluations; null for the type that the device stores. bf16 halves them where that is fp32,
    /// see <see cref="SamplingOptions.CacheType"/>.</summary>
    public DType? Type { get; init; }

    /// <summary>Whether the network is the demo model because no other was named, so that its router is used where nothing is said here; see
    /// <see cref="DemoModel.Complete"/>.</summary>
    public bool IsOfDemo { get; init; }

    /// <summary>Whether nothing is said about what to reuse.</summary>
    internal bool IsOpen => Router is null && Rule is null && Own is null;

    /// <summary>Paths of all files that are read, or may be.</summary>
    internal IEnumerable<string> Files =>
        new[] { Router, RuleFile, IsOfDemo && IsOpen ? DemoModel.RouterPath : null }.OfType<string>();

    /// <summary>The schedule file that <see cref="Rule"/> names; null where it is a rule.</summary>
    internal string? RuleFile => Rule is { } rule && IsFile(rule) ? JoinsBranches ? rule[Both.Length..] : rule : null;

    /// <summary>Whether branches that are reused together are kept as one, see <see cref="JoinedBranches"/>.</summary>
    internal bool JoinsBranches => Rule?.StartsWith(Both, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The request with another path of its schedule file.</summary>
    internal CacheRequest WithRuleFile(string path) => this with { Rule = (JoinsBranches ? Both : "") + path };

    private static bool IsFile(string rule) => rule.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
}
