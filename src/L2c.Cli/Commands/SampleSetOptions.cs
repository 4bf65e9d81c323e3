using System.CommandLine;
using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Cli.Commands;

/// <summary>Options of <c>l2c sample</c> that make a set of images, alone or as one of several ranks.</summary>
internal sealed class SampleSetOptions
{
    private const string SlurmRank = "SLURM_PROCID", SlurmRanks = "SLURM_NTASKS";

    private readonly Option<int?> _rank = OptionFactory.Whole(
        "--rank", 0, "This process's number among --ranks, from 0; its chunks of the set go to the folder --out [default: $SLURM_PROCID]");
    private readonly Option<int?> _ranks = OptionFactory.Whole(
        "--ranks", 1, "Processes that make the set together; l2c gather joins what they made [default: $SLURM_NTASKS]");

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_rank);
        command.Add(_ranks);
    }

    /// <summary>What was asked for; null where it is no set.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="path">The value of --out; null without.</param>
    /// <param name="sample">What to sample.</param>
    /// <param name="overwrite">Whether --force was given.</param>
    public SampleSetRequest? Read(ParseResult parsed, string? path, SampleRequest sample, bool overwrite) =>
        Read(parsed.GetValue(_rank), parsed.GetValue(_ranks), path, sample, overwrite, Environment.GetEnvironmentVariable);

    /// <summary>The same from values.</summary>
    /// <param name="rank">The value of --rank; null without.</param>
    /// <param name="ranks">The value of --ranks; null without.</param>
    /// <param name="path">The value of --out; null without.</param>
    /// <param name="sample">What to sample.</param>
    /// <param name="overwrite">Whether --force was given.</param>
    /// <param name="environment">Variables of the environment.</param>
    /// <exception cref="UsageException">The options do not fit each other.</exception>
    internal static SampleSetRequest? Read(
        int? rank, int? ranks, string? path, SampleRequest sample, bool overwrite, Func<string, string?> environment)
    {
        bool isFile = IsNpz(path);
        bool isFolder = path is not null && !isFile
            && (Directory.Exists(path) || Path.EndsInDirectorySeparator(path) || !HasExtension(path, ".png"));
        bool isSlurm = Number(environment(SlurmRanks)) > 1 && Number(environment(SlurmRank)) is not null;
        bool isTold = rank is not null || ranks is not null;
        if (!isTold && !isFile && !(isSlurm && isFolder && sample.Count is not null))
        {
            return null;
        }

        int? all = ranks ?? Number(environment(SlurmRanks)), own = rank ?? (all == 1 ? 0 : Number(environment(SlurmRank)));
        if (isFile && !isTold && !isSlurm)
        {
            return new SampleSetRequest { Sample = sample, Out = path!, Overwrite = overwrite };
        }

        if (isFile && all > 1)
        {
            throw new UsageException(
                $"--out {path}: one process writes a file, but there are {all} ranks; name a folder, and join its chunks with l2c gather, "
                + "or give --ranks 1");
        }

        if (!isFile && !isFolder)
        {
            throw new UsageException($"--ranks {all}: ranks write chunks to one folder; give --out FOLDER, and join its chunks with l2c gather");
        }

        return (own, all) switch
        {
            (_, null) => throw new UsageException($"--rank {rank}: out of how many? give --ranks N as well"),
            (null, _) => throw new UsageException($"--ranks {all}: which of them is this? give --rank R, from 0 to {all - 1}"),
            _ when own >= all => throw new UsageException($"--rank {own}: ranks are numbered from 0 to {all - 1} here; give one of them"),
            _ when isFile => new SampleSetRequest { Sample = sample, Out = path!, Overwrite = overwrite },
            _ => new SampleSetRequest { Sample = sample, Out = path!, Rank = own.Value, Ranks = all, Overwrite = overwrite },
        };
    }

    /// <summary>Whether a name is that of a set in one file.</summary>
    internal static bool IsNpz(string? path) => HasExtension(path, ".npz");

    private static bool HasExtension(string? path, string extension) =>
        string.Equals(Path.GetExtension(path), extension, StringComparison.OrdinalIgnoreCase);

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
