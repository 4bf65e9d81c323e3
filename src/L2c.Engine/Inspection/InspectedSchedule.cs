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
/// <param name="Network">What it is accounted for; null when no published model is known to have its blocks.</param>
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
    // SmoothCache's published schedules are for this one; a file without a list for a block says nothing about depth.
    private const string SmoothCacheModel = "DiT-XL/2 256";

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
    /// <param name="model">Name of a published model; null for the one that our format names, or the first that SmoothCache's lists fit.</param>
    /// <param name="branchesOfOther">Branches of what the file is compared with, for one that does not say its own; null to assume a model.</param>
    /// <exception cref="MalformedFileException">It is of no known format.</exception>
    /// <exception cref="RequestException">Its rows make no valid schedule, or <paramref name="model"/> is unknown or of another depth.</exception>
    public static InspectedSchedule Read(ByteSource source, string? model, int? branchesOfOther = null)
    {
        ScheduleFile file = ScheduleFile.Read(source);
        if (file.Own is { } own)
        {
            CacheSchedule schedule = Valid(file.Path, () => file.ToSchedule(0));
            TransformerArchitecture? network = model is null ? PublishedModels.Find(own.Model) : Named(model);
            ScheduleOrigin origin = new(own.Model, own.Sampler, own.Steps);
            return new InspectedSchedule(file.Path, file.Format, origin, schedule, null, Fitting(file.Path, network, schedule.Branches), []);
        }

        TransformerArchitecture? assumed = model is null ? Assumed(file.NamedBlocks) : Named(model);
        int branches = branchesOfOther ?? (assumed is null ? 2 * file.NamedBlocks : assumed.Branches);
        return new InspectedSchedule(
            file.Path,
            file.Format,
            null,
            Valid(file.Path, () => file.ToSchedule(branches)),
            null,
            assumed,
            model is null ? AlsoFitting(assumed) : []);
    }

    /// <summary>Reads a router.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="threshold">Null for the published one.</param>
    /// <param name="model">Name of a published model; null for the first of the router's depth, which is the 256 px one.</param>
    /// <exception cref="MalformedFileException">It holds no router, or a damaged one.</exception>
    /// <exception cref="RequestException">The threshold is out of range, or the model is unknown or of another depth.</exception>
    public static InspectedSchedule Read(TensorFile file, double? threshold, string? model)
    {
        RouterLogits router = RouterLogits.Load(file);
        RouterShape shape = router.Architecture;
        NetworkFamily family = NetworkFamilies.Of(shape.Target);
        TransformerArchitecture? network = model is null
            ? PublishedModels.All.FirstOrDefault(a => a.Branches == shape.Branches && a.Family == family.Name)
            : Fitting(file.Path, Named(model), shape.Branches);
        double t = threshold ?? family.Recipe(network, shape.Evaluations).Threshold;
        CacheSchedule schedule = Valid(file.Path, () => RouterSchedule.From(router, t));
        return new InspectedSchedule(file.Path, null, null, schedule, t, network, model is null ? AlsoFitting(network) : []);
    }

    /// <summary>The DiT that a SmoothCache file is most likely for: of exactly the named depth, or the one of its authors' schedules.</summary>
    private static TransformerArchitecture? Assumed(int namedBlocks)
    {
        TransformerArchitecture usual = PublishedModels.Find(SmoothCacheModel)!;
        return PublishedModels.All.FirstOrDefault(a => a.Family == usual.Family && a.Blocks == namedBlocks)
            ?? (usual.Blocks >= namedBlocks ? usual : null);
    }

    private static IReadOnlyList<string> AlsoFitting(TransformerArchitecture? network) => network is null
        ? []
        : [.. PublishedModels.All.Where(a => a != network && a.Family == network.Family && a.Branches == network.Branches).Select(a => a.Name)];

    private static TransformerArchitecture Named(string model) => PublishedModels.Find(model)
        ?? throw new RequestException(
            $"--model {model}: no published model has that name; {PublishedModels.Advice(model)}");

    private static TransformerArchitecture? Fitting(string path, TransformerArchitecture? network, int branches) =>
        network is null || network.Branches == branches
            ? network
            : throw new RequestException(
                $"{path}: is for {branches} branches ({branches / 2} blocks), but {network.Name} has {network.Branches} "
                + $"({network.Branches / 2} blocks); name another with --model");

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
