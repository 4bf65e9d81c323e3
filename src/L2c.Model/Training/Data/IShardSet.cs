namespace L2c.Model.Training.Data;

/// <summary>Numbered items in one or many files.</summary>
internal interface IShardSet : IDisposable
{
    /// <summary>Items of all files.</summary>
    long Count { get; }

    /// <summary>C of every item.</summary>
    int Channels { get; }

    /// <summary>H and W of every item.</summary>
    int Size { get; }

    /// <summary>A line per file in the order of reading: what tells the set from others without reading it; see <see cref="DataName"/>.</summary>
    IEnumerable<string> Listing { get; }

    /// <summary>Reads an item; safe for several threads at once.</summary>
    /// <param name="item">0 .. Count - 1.</param>
    /// <param name="classes">Its label must be below it.</param>
    /// <param name="image">Receives C H W values.</param>
    /// <returns>Its label.</returns>
    int Read(long item, int classes, Span<float> image);

    /// <summary>The largest label; reads all of them.</summary>
    /// <param name="cancel">Looked at before every file.</param>
    int LargestLabel(CancellationToken cancel);
}
