namespace L2c;

/// <summary>A set of images in one npz file, as ADM's evaluator reads it; or one rank's share of it.</summary>
/// <remarks>Image i depends on model, settings, seed and i alone, so that any number of ranks makes the same set.</remarks>
public sealed record SampleSetRequest
{
    /// <summary>What to sample; its number of images is required.</summary>
    public required SampleRequest Sample { get; init; }

    /// <summary>The npz file; with ranks, the folder of chunks, which all ranks share.</summary>
    public required string Out { get; init; }

    /// <summary>This process's number among the ranks, from 0.</summary>
    public int Rank { get; init; }

    /// <summary>Processes that make the set together, each with its own rank; null for one that also writes the file.</summary>
    public int? Ranks { get; init; }

    /// <summary>Whether an existing file may be replaced, and chunks of other settings beside it deleted.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Folder of the chunks.</summary>
    public string Folder => Ranks is null ? $"{Out}.parts" : Out;
}
