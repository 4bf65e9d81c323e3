using System.Text;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What a schedule file was made for.</summary>
/// <param name="Model">The network's name.</param>
/// <param name="Sampler">The sampler's.</param>
/// <param name="Steps">Its evaluations.</param>
public sealed record ScheduleOrigin(string Model, string Sampler, int Steps);

/// <summary>A schedule that <c>l2c inspect</c> was given: a router with a threshold, our JSON, or SmoothCache's.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Format">Of a schedule file, see <see cref="ScheduleFile.Format"/>; null for a router.</param>
/// <param name="MadeFor">What a file of our format says that it was made for; null for others.</param>
/// <param name="Schedule">Which branches are computed.</param>
/// <param name="Threshold">Of a router; null for a schedule file.</param>
/// <param name="Network">What it is accounted for; null where nothing says which one that is.</param>
/// <param name="AlsoFits">Other published models of its family and depth, when nobody has said which one is meant.</param>
public sealed record InspectedSchedule(
    string File,
    string? Format,
    ScheduleOrigin? MadeFor,
    CacheSchedule Schedule,
    double? Threshold,
    TransformerArchitecture? Network,
    IReadOnlyList<string> AlsoFits)
{
    /// <summary>Whether <see cref="Network"/> was taken for the likeliest one of its depth because nothing names it.</summary>
    public bool IsNetworkAssumed { get; init; }

    /// <summary>Blocks that the lists of a SmoothCache file were read for, as many as they name or one: they do not say how many there are. Null where
    /// that is known.</summary>
    public int? AssumedBlocks { get; init; }

    /// <summary>Whether the file itself says how many blocks it is for; SmoothCache's do not.</summary>
    public bool SaysDepth => Format is null || MadeFor is not null;

    /// <summary>Whether a file is JSON.</summary>
    /// <remarks>A safetensors file may begin with the same brace, but then has the zeros of its header's length behind it.</remarks>
    public static bool IsJson(ByteSource source)
    {
        Span<byte> head = stackalloc byte[8];
        head = head[..(int)Math.Min(head.Length, source.Length)];
        source.ReadExactly(0, head);
        ReadOnlySpan<byte> text = head.StartsWith(Encoding.UTF8.Preamble) ? head[Encoding.UTF8.Preamble.Length..] : head;
        text = text.TrimStart(" \t\r\n"u8);
        return text.StartsWith("{"u8) && !text.Contains((byte)0);
    }

    /// <summary>Reads a schedule file. The source stays open.</summary>
    /// <param name="source">The file.</param>
    /// <param name="network">What MACs are counted for; null for the network that our format names. SmoothCache's lists name none.</param>
    /// <param name="branchesOfOther">Branches of what the file is compared with, for one that does not say its own; null where there are none.</param>
    /// <exception cref="MalformedFileException">It is of no known format.</exception>
    /// <exception cref="RequestException">Its rows make no valid schedule, or <paramref name="network"/> is of another depth.</exception>
    public static InspectedSchedule Read(ByteSource source, TransformerArchitecture? network = null, int? branchesOfOther = null)
    {
        ScheduleFile file = ScheduleFile.Read(source);
        if (file.Own is { } own)
        {
            CacheSchedule schedule = Valid(file.Path, () => file.ToSchedule(0));
            ScheduleOrigin origin = new(own.Model, own.Sampler, own.Steps);
            network = Fitting(file.Path, network ?? CountedNetwork.OfName(own.Model), schedule.Branches);
            return new InspectedSchedule(file.Path, file.Format, origin, schedule, null, network, []);
        }

        int blocks = Math.Max(1, file.NamedBlocks), branches = network?.Branches ?? branchesOfOther ?? 2 * blocks;
        return new InspectedSchedule(file.Path, file.Format, null, Valid(file.Path, () => file.ToSchedule(branches)), null, network, [])
        {
            AssumedBlocks = network is null && branchesOfOther is null ? blocks : null,
        };
    }

    /// <summary>Reads a router.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="threshold">Null for the published one.</param>
    /// <param name="network">What MACs are counted for; null for the first published one of the router's family and depth, which is the 256 px one,
    /// otherwise the demo model.</param>
    /// <exception cref="MalformedFileException">It holds no router, or a damaged one.</exception>
    /// <exception cref="RequestException">The threshold is out of range, or the network is of another family or depth.</exception>
    public static InspectedSchedule Read(TensorFile file, double? threshold, TransformerArchitecture? network = null)
    {
        RouterLogits router = RouterLogits.Load(file);
        RouterShape shape = router.Architecture;
        NetworkFamily family = NetworkFamilies.Of(shape.Target);
        if (network is not null && network.Family != family.Name)
        {
            throw new RequestException(
                $"{file.Path}: is a router for a {family.Title}, but {network.Name} is a {NetworkFamilies.Of(network).Title}; name another network");
        }

        bool assumed = network is null;
        network = assumed ? CountedNetwork.Likely(family.Name, shape.Branches) : Fitting(file.Path, network, shape.Branches);
        double t = threshold ?? family.Recipe(network, shape.Evaluations).Threshold;
        CacheSchedule schedule = Valid(file.Path, () => RouterSchedule.From(router, t));
        return new InspectedSchedule(file.Path, null, null, schedule, t, network, assumed ? AlsoFitting(network) : [])
        {
            IsNetworkAssumed = assumed && network is not null,
        };
    }

    private static IReadOnlyList<string> AlsoFitting(TransformerArchitecture? network) => network is null
        ? []
        : [.. PublishedModels.All.Where(a => a != network && a.Family == network.Family && a.Branches == network.Branches).Select(a => a.Name)];

    private static TransformerArchitecture? Fitting(string path, TransformerArchitecture? network, int branches) =>
        network is null || network.Branches == branches
            ? network
            : throw new RequestException(
                $"{path}: is for {branches} branches ({branches / 2} blocks), but {network.Name} has {network.Branches} "
                + $"({network.Branches / 2} blocks); name another with --model or --ckpt");

    private static CacheSchedule Valid(string path, Func<CacheSchedule> create)
    {
        try
        {
            return create();
        }
        catch (ArgumentException e)
        {
            throw new RequestException($"{path}: {e.Message}", e);
        }
    }
}
