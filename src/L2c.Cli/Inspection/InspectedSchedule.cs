using L2c.Cli.Output;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Inspection;

/// <summary>A schedule that <c>l2c inspect</c> was given: a router with a threshold, or our JSON.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Schedule">Which branches are computed.</param>
/// <param name="Threshold">Of a router; null for a schedule file.</param>
/// <param name="Network">What it is accounted for; null when no published model is known to have its blocks.</param>
/// <param name="AlsoFits">Other published models of its family and depth, when nobody has said which one is meant.</param>
internal sealed record InspectedSchedule(string File, CacheSchedule Schedule, double? Threshold, Architecture? Network, IReadOnlyList<string> AlsoFits)
{
    private const int LongestJson = 64 << 20;

    /// <summary>Whether a file is JSON. A safetensors file may begin with the same brace, but then has the zeros of its header's length behind it.</summary>
    public static bool IsJson(ByteSource source)
    {
        Span<byte> head = stackalloc byte[8];
        head = head[..(int)Math.Min(head.Length, source.Length)];
        source.ReadExactly(0, head);
        ReadOnlySpan<byte> text = ((ReadOnlySpan<byte>)head).TrimStart(" \t\r\n"u8);
        return text.StartsWith("{"u8) && !text.Contains((byte)0);
    }

    /// <summary>Reads a schedule file. The source stays open.</summary>
    /// <exception cref="MalformedFileException">It is no l2c-schedule/1.</exception>
    /// <exception cref="UsageException">Its rows make no valid schedule, or <paramref name="model"/> is unknown or of another depth.</exception>
    public static InspectedSchedule Read(ByteSource source, string? model)
    {
        if (source.Length > LongestJson)
        {
            throw new MalformedFileException(source.Path, $"is JSON of {Units.Bytes(source.Length)}; a schedule is shorter");
        }

        byte[] text = new byte[source.Length];
        source.ReadExactly(0, text);
        ScheduleJson json = ScheduleJson.Parse(source.Path, text);
        CacheSchedule schedule = Valid(source.Path, () => json.ToSchedule(source.Path));
        Architecture? network = model is null ? PublishedModels.Find(json.Model) : Named(model);
        return new InspectedSchedule(source.Path, schedule, null, Fitting(source.Path, network, schedule.Branches), []);
    }

    /// <summary>Reads a router.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="threshold">Null for the published one.</param>
    /// <param name="model">Name of a published model; null for the first of the router's depth, which is the 256 px one.</param>
    /// <exception cref="MalformedFileException">It holds no router, or a damaged one.</exception>
    /// <exception cref="UsageException">The threshold is out of range, or the model is unknown or of another depth.</exception>
    public static InspectedSchedule Read(TensorFile file, double? threshold, string? model)
    {
        RouterLogits router = RouterLogits.Load(file);
        RouterArchitecture shape = router.Architecture;
        Architecture[] fitting = [.. PublishedModels.All.Where(a => Branches(a) == shape.Branches && a is DitArchitecture == (shape.Target == RouterTarget.Dit))];
        Architecture? network = model is null ? fitting.FirstOrDefault() : Fitting(file.Path, Named(model), shape.Branches);
        double t = threshold ?? RouterSchedule.PublishedThreshold(shape.Target, network);
        return new InspectedSchedule(
            file.Path, Valid(file.Path, () => RouterSchedule.From(router, t)), t, network, model is null ? [.. fitting.Skip(1).Select(a => a.Name)] : []);
    }

    private static Architecture Named(string model) =>
        PublishedModels.Find(model) is { } found && Branches(found) > 0
            ? found
            : throw new UsageException($"--model {model}: no published model has that name; the names are {string.Join(", ", PublishedModels.All.Select(a => a.Name))}");

    private static Architecture? Fitting(string path, Architecture? network, int branches) =>
        network is null || Branches(network) == branches
            ? network
            : throw new UsageException(
                $"{path}: is for {branches} branches ({branches / 2} blocks), but {network.Name} has {Branches(network)} ({Branches(network) / 2} blocks); name another with --model");

    private static int Branches(Architecture architecture) => architecture switch
    {
        DitArchitecture dit => 2 * dit.Depth,
        UVitArchitecture uvit => 2 * uvit.Blocks,
        _ => 0,
    };

    private static CacheSchedule Valid(string path, Func<CacheSchedule> create)
    {
        try
        {
            return create();
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"{path}: {e.Message}", e);
        }
    }
}
