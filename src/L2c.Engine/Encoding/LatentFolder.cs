using System.Security.Cryptography;
using System.Text;
using L2c.Model.Training.Data;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>A folder of latent shards that grows: what is finished there is known, and one process at a time works in it.</summary>
/// <remarks>
/// A shard is finished when it is in the index, which is written after it: killed between the two, it is made again, with the same bytes. The index
/// is there before the first shard, so that shards without one belong to another set.
/// </remarks>
internal sealed class LatentFolder : IDisposable
{
    private readonly string _path;
    private readonly PictureListing _listing;
    private readonly FolderLock _lock;
    private readonly bool _wasThere;

    private LatentFolder(string path, PictureListing listing, LatentIndex index, bool wasThere, FolderLock folderLock) =>
        (_path, _listing, Index, _wasThere, _lock) = (path, listing, index, wasThere, folderLock);

    /// <summary>What is finished.</summary>
    public LatentIndex Index { get; private set; }

    /// <summary>First picture that is not done.</summary>
    public int Next => Index.Shards.Count == 0 ? 0 : Index.Shards[^1].Next;

    /// <summary>Takes a folder and finds out what of it is finished.</summary>
    /// <param name="request">Where, and whether to start over.</param>
    /// <param name="listing">The pictures.</param>
    /// <param name="settings">What decides the shards.</param>
    /// <param name="context">For remarks and cancellation.</param>
    /// <exception cref="RequestException">Shards of other settings or pictures are there, or another process works there.</exception>
    /// <exception cref="MalformedFileException">The index is damaged, or, of a strict request, says that a picture was skipped.</exception>
    /// <exception cref="IOException">Other files are in the way, or it cannot be written to.</exception>
    public static LatentFolder Open(EncodeRequest request, PictureListing listing, LatentSettings settings, TaskContext context)
    {
        string path = request.Folder;
        FolderLock folderLock = WorkFolder.Take(path);
        try
        {
            RequireOwn(path, context.Cancel);
            AtomicFile.RemoveLeftovers(path);
            LatentIndex begun = new()
            {
                Format = LatentIndex.CurrentFormat,
                Settings = settings,
                Classes = listing.Classes,
                Shards = [],
                IsComplete = false,
            };
            LatentIndex? earlier = request.Anew ? Forget(path, context.Cancel) : Find(path, context.Cancel);
            if (earlier is not null)
            {
                RequireSame(Path.Combine(path, LatentIndex.FileName), begun, earlier);
                List<LatentShard> kept = Kept(path, request, listing, earlier.Shards, context);
                bool isComplete = earlier.IsComplete && kept.Count == earlier.Shards.Count && kept.LastOrDefault()?.Next == listing.Count;
                begun = begun with { Shards = kept, IsComplete = isComplete };
            }

            LatentFolder folder = new(path, listing, begun, earlier is not null, folderLock);
            if (!begun.IsComplete)
            {
                begun.Write(path);
            }

            return folder;
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Writes the next shard, and that it is finished.</summary>
    /// <param name="shard">Its images.</param>
    /// <param name="next">The picture behind its last one.</param>
    /// <param name="skipped">Pictures between that cannot be read.</param>
    /// <param name="cancel">Looked at while the file is read back for its checksum.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Add(ShardBuffer shard, int next, IReadOnlyList<string> skipped, CancellationToken cancel)
    {
        (int first, int images) = (Next, shard.Images);
        string name = LatentShard.NameOf(Index.Shards.Count), path = Path.Combine(_path, name);
        shard.Write(path);
        LatentShard finished = new(name, first, next, images, skipped, SourcesOf(_listing, first, next, cancel), FileHash.Sha256(path, cancel));
        Index = Index with { Shards = [.. Index.Shards, finished] };
        Index.Write(_path);
    }

    /// <summary>Writes that pictures behind the last shard's, which an earlier run has finished, cannot be read: they belong to it.</summary>
    /// <param name="next">The picture behind them.</param>
    /// <param name="skipped">The pictures.</param>
    /// <param name="cancel">Looked at before every picture.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Extend(int next, IReadOnlyList<string> skipped, CancellationToken cancel)
    {
        LatentShard last = Index.Shards[^1];
        LatentShard extended = last with
        {
            Next = next,
            Skipped = [.. last.Skipped, .. skipped],
            Sources = SourcesOf(_listing, last.First, next, cancel),
        };
        Index = Index with { Shards = [.. Index.Shards.SkipLast(1), extended] };
        Index.Write(_path);
    }

    /// <summary>Writes that all pictures are done.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Complete()
    {
        if (!Index.IsComplete)
        {
            Index = Index with { IsComplete = true };
            Index.Write(_path);
        }
    }

    /// <summary>Lets other processes in. A folder that nothing was finished in is left as it was.</summary>
    public void Dispose()
    {
        if (Index.Shards.Count == 0 && !_wasThere)
        {
            File.Delete(Path.Combine(_path, LatentIndex.FileName));
        }

        _lock.Dispose();
    }

    /// <summary>A folder may come from anybody: nothing in it may lead elsewhere, and no shard of another set may get among ours.</summary>
    private static void RequireOwn(string path, CancellationToken cancel)
    {
        AtomicFile.RequireFree(Path.Combine(path, LatentIndex.FileName), overwrite: true);
        foreach (string file in Files(path, cancel))
        {
            if (!LatentShard.IsName(Path.GetFileName(file)))
            {
                throw new IOException($"{file}: was not written by l2c encode, and training would read it with the others; name another folder");
            }

            AtomicFile.RequireFree(file, overwrite: true);
        }
    }

    private static LatentIndex? Find(string path, CancellationToken cancel) => LatentIndex.Find(path) is { } index
        ? index
        : Files(path, cancel).FirstOrDefault() is { } shard
            ? throw new IOException(
                $"{shard} exists, but there is no {LatentIndex.FileName} to continue from; name another folder, or use --force to start over")
            : null;

    /// <summary>Shards first: killed between two of them, the same command begins again.</summary>
    private static LatentIndex? Forget(string path, CancellationToken cancel)
    {
        foreach (string shard in Files(path, cancel))
        {
            File.Delete(shard);
        }

        File.Delete(Path.Combine(path, LatentIndex.FileName));
        return null;
    }

    /// <summary>What training would read of a folder.</summary>
    private static string[] Files(string path, CancellationToken cancel) => FolderFiles.In(path, "*.safetensors", cancel);

    private static void RequireSame(string path, LatentIndex now, LatentIndex before)
    {
        string? difference = JsonDifference.Find(now.Settings, before.Settings)
            ?? (now.Classes.SequenceEqual(before.Classes) ? null : $"{before.Classes.Count} classes with other names than the {now.Classes.Count} now");
        if (difference is not null)
        {
            throw Differs(path, difference);
        }
    }

    /// <summary>The shards at the beginning that are still those of the pictures.</summary>
    private static List<LatentShard> Kept(
        string path, EncodeRequest request, PictureListing listing, IReadOnlyList<LatentShard> shards, TaskContext context)
    {
        List<LatentShard> kept = [];
        int next = 0;
        Action step = shards.Count == 0 ? () => { } : context.Begin("checking latents", shards.Count);
        foreach (LatentShard shard in shards)
        {
            string file = Path.Combine(path, LatentShard.NameOf(kept.Count));
            bool isOfPictures = shard.Next <= listing.Count && SourcesOf(listing, next, shard.Next, context.Cancel) == shard.Sources;
            if (!isOfPictures || shard.File != LatentShard.NameOf(kept.Count))
            {
                throw Differs(Path.Combine(path, LatentIndex.FileName), $"other pictures than those of {listing.Folder} in {shard.File}");
            }

            // A shard of the set's end as it was goes on where pictures have come after it.
            bool isWhole = shard.Images == request.ShardSize || shard.Next == listing.Count;
            if (!isWhole || !IsThere(file, shard, context))
            {
                break;
            }

            if (request.Strict && shard.Skipped.Count > 0)
            {
                throw new MalformedFileException(
                    Path.Combine(listing.Folder, shard.Skipped[0]),
                    $"was skipped in {file}; repair it and use --force to start over, or omit --strict");
            }

            kept.Add(shard);
            next = shard.Next;
            step();
        }

        return kept;
    }

    private static bool IsThere(string file, LatentShard shard, TaskContext context)
    {
        string problem;
        try
        {
            if (FileHash.Sha256(file, context.Cancel) == shard.Sha256)
            {
                return true;
            }

            problem = $"{file}: has other bytes than were written";
        }
        catch (IOException e)
        {
            problem = e.Message.Split(';')[0];
        }

        context.Remark($"note: {problem}; this shard and those after it are made again");
        return false;
    }

    private static string SourcesOf(PictureListing listing, int first, int next, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (int picture in Enumerable.Range(first, next - first).StoppedBy(cancel))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(listing.Line(picture) + "\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static RequestException Differs(string path, string difference) =>
        new($"{path}: the latents in this folder were made with {difference}; name another folder, or use --force to start over");
}
