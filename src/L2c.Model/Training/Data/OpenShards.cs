using L2c.Weights;

namespace L2c.Model.Training.Data;

/// <summary>Files of any number of items each, all kept open.</summary>
internal sealed class OpenShards : IShardSet
{
    private readonly List<LabelledTensors> _shards = [];
    private readonly List<long> _ends = [];
    private readonly IReadOnlyList<string> _paths;

    /// <summary>Opens them.</summary>
    /// <param name="open">How, one per file; at least one.</param>
    /// <param name="paths">Their paths, for messages and the listing.</param>
    /// <param name="cancel">Looked at before every file.</param>
    /// <exception cref="MalformedFileException">As opening, or an item differs in shape from those of the first file.</exception>
    public OpenShards(IReadOnlyList<Func<LabelledTensors>> open, IReadOnlyList<string> paths, CancellationToken cancel)
    {
        _paths = paths;
        try
        {
            for (int i = 0; i < open.Count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                LabelledTensors shard = open[i]();
                _shards.Add(shard);
                _ends.Add(Count + shard.Count);
                if (shard.Form != Form)
                {
                    throw new MalformedFileException(
                        paths[i], $"has items {shard.Form}, but those of {paths[0]} are {Form}; keep sets of different shapes in separate folders");
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public long Count => _ends.Count == 0 ? 0 : _ends[^1];

    /// <inheritdoc/>
    public ItemForm Form => _shards[0].Form;

    /// <inheritdoc/>
    public IEnumerable<string> Listing => _paths.Select(path => DataName.Line(Path.GetDirectoryName(Path.GetFullPath(path))!, path));

    /// <inheritdoc/>
    public int Read(long item, int view, int classes, Span<float> values)
    {
        int found = _ends.BinarySearch(item);
        int shard = found >= 0 ? found + 1 : ~found; // the first whose end lies behind the item
        long row = shard == 0 ? item : item - _ends[shard - 1];
        _shards[shard].Read(row, view, values);
        return _shards[shard].ReadLabel(row, classes);
    }

    /// <inheritdoc/>
    public int LargestLabel(CancellationToken cancel) => _shards.Max(shard => shard.LargestLabel(cancel));

    /// <inheritdoc/>
    public void Dispose() => _shards.ForEach(shard => shard.Dispose());
}
