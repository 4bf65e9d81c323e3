namespace L2c.Weights.PyTorch;

/// <summary>A file that <c>torch.save</c> wrote, in its zip or its legacy form. Nothing in it is executed.</summary>
/// <remarks>
/// Nested dicts, lists and argparse.Namespace values become dotted names: <c>ema.x_embedder.proj.weight</c>, <c>opt.state.0.exp_avg</c>.
/// Views of any stride are read row-major. Reading is safe for several threads at once.
/// </remarks>
public sealed class PyTorchFile : TensorFile
{
    private readonly TorchContainer _container;
    private readonly TensorIndex<TorchTensor> _index;
    private readonly FetchMeter _meter;

    internal PyTorchFile(TorchContainer container)
    {
        _container = container;
        _meter = new FetchMeter(container.Source.Path);
        _index = new TensorIndex<TorchTensor>(container.Values.Tensors);
    }

    /// <inheritdoc/>
    public override string Path => _container.Source.Path;

    /// <inheritdoc/>
    public override string Format => _container.Format;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorInfo> Tensors => _index.Tensors;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>What is not a tensor, by dotted name (<c>args.model</c>): long, double, bool, string or null.</summary>
    public IReadOnlyDictionary<string, object?> Scalars => _container.Values.Scalars;

    /// <inheritdoc/>
    public override TensorInfo? Find(string name) => _index.Find(name);

    /// <inheritdoc/>
    public override void ReadBytes(TensorInfo tensor, long firstElement, Span<byte> destination)
    {
        TorchTensor view = _index.Locate(tensor, firstElement, destination.Length);
        if (destination.IsEmpty)
        {
            return;
        }

        if (view.IsContiguous)
        {
            _container.ReadStorage(view.Storage, (view.Offset + firstElement) * tensor.Type.Size(), destination);
        }
        else
        {
            StridedReader.Read(_container, view, _meter, firstElement, destination);
        }

        TensorIndex<TorchTensor>.CheckBooleans(tensor, destination, Path);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _container.Dispose();
}
