using L2c.Weights.Storage;

namespace L2c;

/// <summary>A folder of results that grow: a training run or a sweep. One process at a time works in it.</summary>
internal static class WorkFolder
{
    /// <summary>Takes a folder until the result is disposed of, and creates it if need be.</summary>
    /// <param name="path">As the request names it.</param>
    /// <exception cref="RequestException">Another process works there.</exception>
    /// <exception cref="IOException">It is a file, or cannot be created or written to.</exception>
    public static FolderLock Take(string path)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path} is a file; name a folder");
        }

        return FolderLock.TryTake(path)
            ?? throw new RequestException($"{path}: another process is working there; wait until it ends, or name another folder");
    }
}
