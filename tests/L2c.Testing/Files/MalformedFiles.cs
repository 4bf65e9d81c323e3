namespace L2c.Testing.Files;

/// <summary>A file that every program must refuse with exit code 4 and one clear line.</summary>
/// <param name="Name">What is wrong with it; also a valid file name.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Reason">A part of the message that shows it was refused for its own fault and no other.</param>
public sealed record MalformedFile(string Name, byte[] Bytes, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The corpus of malformed and hostile files, made on the spot.</summary>
public static class MalformedFiles
{
    /// <summary>Every case; names are unique.</summary>
    public static IReadOnlyList<MalformedFile> All { get; } =
    [
        .. MalformedSafetensors.All,
        .. MalformedZips.All,
        .. MalformedPickles.All,
        .. MalformedTensors.All,
        .. MalformedLegacy.All,
        .. MalformedNpy.All,
    ];
}
