namespace L2c;

/// <summary>What is there of a set of images.</summary>
/// <param name="Path">The file; or the folder of chunks where it is not joined yet.</param>
/// <param name="Images">N, images of the whole set.</param>
/// <param name="Height">H.</param>
/// <param name="Width">W.</param>
/// <param name="Chunks">Chunks of the whole set.</param>
/// <param name="ChunksDone">Chunks that are there, of any rank.</param>
/// <param name="Sha256">Of the file; null where there is none yet.</param>
/// <param name="IsFinished">Whether the task came to its end: the file is written, or the rank's chunks are there.</param>
public sealed record SampleSetResult(
    string Path, int Images, int Height, int Width, int Chunks, int ChunksDone, string? Sha256, bool IsFinished);
