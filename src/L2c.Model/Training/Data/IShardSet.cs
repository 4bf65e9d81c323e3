namespace L2c.Model.Training.Data;

/// <summary>Numbered items in one or many files.</summary>
internal interface IShardSet : IDisposable
{
    /// <summary>Items of all files.</summary>
    long Count { get; }

    /// <summary>What every item is.</summary>
    ItemForm Form { get; }

    /// <summary>A line per file in the order of reading: what tells the set from others without reading it; see <see cref="DataName"/>.</summary>
    IEnumerable<string> Listing { get; }

    /// <summary>Reads an item; safe for several threads at once.</summary>
    /// <param name="item">0 .. Count - 1.</param>
    /// <param name="view">Of moments 0 .. Views - 1; otherwise 0.</param>
    /// <param name="classes">Its label must be below it.</param>
    /// <param name="values">Receives the values of the view, as they are stored.</param>
    /// <returns>Its label.</returns>
    int Read(long item, int view, int classes, Span<float> values);

    /// <summary>The largest label; reads all of them.</summary>
    /// <param name="cancel">Looked at before every file.</param>
    int LargestLabel(CancellationToken cancel);
}
