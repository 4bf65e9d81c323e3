using L2c.Weights;

namespace L2c.Model.Training.Data;

/// <summary>Two folders of npy files with equal names, often a million of one item each: a pair is opened when an item of it is read.</summary>
/// <remarks>All files have as many items as the first; the last may have fewer. So only these two are opened to count.</remarks>
internal sealed class NpyPairFolder : IShardSet
{
    private readonly string _items;
    private readonly string _labels;
    private readonly string[] _names;
    private readonly long _perFile;
    private readonly long _inLast;

    /// <summary>Lists the folders and opens the first and the last pair.</summary>
    /// <param name="items">Folder of the items.</param>
    /// <param name="labels">Folder of the labels.</param>
    /// <param name="cancel">Looked at before every name.</param>
    /// <exception cref="MalformedFileException">There is no npy file, names differ, or a pair is damaged.</exception>
    public NpyPairFolder(string items, string labels, CancellationToken cancel)
    {
        (_items, _labels, _names) = (items, labels, Names(items, cancel));
        string[] labelNames = Names(labels, cancel);
        if (_names.Length == 0)
        {
            throw new MalformedFileException(items, "has no npy files; give the folder that the feature extraction wrote");
        }

        if (!_names.AsSpan().SequenceEqual(labelNames))
        {
            string odd = _names.Except(labelNames).Concat(labelNames.Except(_names)).First();
            throw new MalformedFileException(
                items, $"has other names than {labels}, {FileText.Printable(odd)} is in one of them only; give every item its label");
        }

        using LabelledTensors first = Open(0);
        using LabelledTensors last = Open(_names.Length - 1);
        (_perFile, _inLast, Form) = (first.Count, last.Count, first.Form);
        Check(_names.Length - 1, last);
    }

    /// <inheritdoc/>
    public long Count => ((_names.Length - 1) * _perFile) + _inLast;

    /// <inheritdoc/>
    public ItemForm Form { get; }

    /// <summary>Names, after what all files have in common: nobody asks for a million sizes.</summary>
    public IEnumerable<string> Listing => _names.Prepend($"{_perFile}x{Form}");

    /// <inheritdoc/>
    public int Read(long item, int view, int classes, Span<float> values)
    {
        (long file, long row) = Math.DivRem(item, _perFile);
        using LabelledTensors pair = OpenChecked((int)file);
        pair.Read(row, view, values);
        return pair.ReadLabel(row, classes);
    }

    /// <inheritdoc/>
    public int LargestLabel(CancellationToken cancel)
    {
        int largest = 0;
        for (int file = 0; file < _names.Length; file++)
        {
            using LabelledTensors pair = OpenChecked(file);
            largest = Math.Max(largest, pair.LargestLabel(cancel));
        }

        return largest;
    }

    /// <summary>Nothing is open between two reads.</summary>
    public void Dispose()
    {
    }

    private static string[] Names(string folder, CancellationToken cancel) =>
        [.. FolderFiles.In(folder, "*.npy", cancel).Select(path => Path.GetFileName(path))];

    private LabelledTensors Open(int file) => LabelledTensors.Open(Path.Combine(_items, _names[file]), Path.Combine(_labels, _names[file]));

    private LabelledTensors OpenChecked(int file)
    {
        LabelledTensors pair = Open(file);
        try
        {
            Check(file, pair);
            return pair;
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    private void Check(int file, LabelledTensors pair)
    {
        bool isLast = file == _names.Length - 1;
        if (pair.Form != Form || pair.Count > _perFile || (pair.Count < _perFile && !isLast))
        {
            throw new MalformedFileException(
                Path.Combine(_items, _names[file]),
                $"has {pair.Count} items {pair.Form}, but the first file has {_perFile} of {Form}; "
                + "all must be alike; only the last may have fewer items");
        }
    }
}
