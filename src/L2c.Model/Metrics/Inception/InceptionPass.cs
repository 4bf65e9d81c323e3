using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>Images through the network, planned once for a batch and what is wanted, and then replayed: steps that nothing wanted needs are left out.</summary>
/// <remarks>Not safe for several threads at once.</remarks>
public sealed class InceptionPass : IDisposable
{
    /// <summary>Images of a batch, at most: every tensor of one has fewer than 2^31 elements.</summary>
    public const int MaxBatch = 1024;

    /// <summary>Values of an image as the network reads it.</summary>
    public const int ImageLength = InceptionStructure.Side * InceptionStructure.Side * InceptionStructure.Colours;

    private static readonly InceptionStep _spatial = InceptionStructure.Steps.Single(step => step.Name == InceptionStructure.Spatial);

    private readonly InceptionNetwork _network;
    private readonly Arena _arena;
    private readonly Buffers _buffers;
    private readonly InceptionStep[] _steps;
    private readonly int _group; // images that go through the stem at once
    private readonly OpSequence _sequence;
    private readonly (Range Place, Tensor Source, float[] Values)[] _parts;

    /// <summary>Plans.</summary>
    /// <param name="network">The weights; they must outlive the pass.</param>
    /// <param name="batch">B, images at once, 1 to <see cref="MaxBatch"/>.</param>
    /// <param name="features">What is wanted.</param>
    public InceptionPass(InceptionNetwork network, int batch, InceptionFeatures features)
        : this(network, batch, features, GroupOf(network.Device))
    {
    }

    /// <summary>Plans for groups of so many images.</summary>
    internal InceptionPass(InceptionNetwork network, int batch, InceptionFeatures features, int group)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch, MaxBatch);
        (_network, Batch, Features, _steps, _group) = (network, batch, features, Needed(features), Math.Min(group, batch));
        (_arena, _buffers) = Arena.Carve(network.Device, "inception", arena => new Buffers(arena, _steps, batch, _group, features));
        try
        {
            _sequence = network.Device.Capture(() => Enqueue());

            // A first batch that is not full is computed with the rest of the input, which nobody would have written.
            float[] zeros = new float[ImageLength];
            for (int image = 0; image < batch; image++)
            {
                network.Device.Upload(_buffers.Images[InceptionStructure.Image].Reshape(batch, ImageLength).SliceRows(image, 1), zeros);
            }
        }
        catch
        {
            _arena.Dispose();
            throw;
        }

        _parts = [.. Enum.GetValues<InceptionFeatures>().Where(part => part != InceptionFeatures.All && features.HasFlag(part)).Select(part =>
        {
            Tensor source = _buffers.Of(part);
            return (features.RangeOf(part), source, new float[source.Shape.Count]);
        })];
    }

    /// <summary>B.</summary>
    public int Batch { get; }

    /// <summary>What a row holds.</summary>
    public InceptionFeatures Features { get; }

    /// <summary>The ops of a run.</summary>
    public IReadOnlyList<OpInfo> Ops => _sequence.Ops;

    /// <summary>Bytes that a pass takes on a device.</summary>
    public static long Bytes(Device device, int batch, InceptionFeatures features)
    {
        InceptionStep[] steps = Needed(features);
        int group = Math.Min(GroupOf(device), batch);
        return Arena.Count(device, "inception on paper", arena => new Buffers(arena, steps, batch, group, features)).Bytes;
    }

    /// <summary>Brings images to the device and computes; <see cref="Read"/> waits for it.</summary>
    /// <param name="images">[n,299,299,3] as <see cref="InceptionInput"/> makes them, n from 1 to B.</param>
    public void Start(ReadOnlySpan<float> images)
    {
        _network.RequireAlive();
        int count = images.Length / ImageLength;
        if (count < 1 || count > Batch || images.Length != count * ImageLength)
        {
            throw new ArgumentException($"{images.Length} values are not 1 to {Batch} images of {ImageLength}", nameof(images));
        }

        Tensor image = _buffers.Images[InceptionStructure.Image];
        _network.Device.Upload(image.Reshape(Batch, ImageLength).SliceRows(0, count), images);
        _sequence.Run();
    }

    /// <summary>The features of the images that were started last. Allocates nothing.</summary>
    /// <param name="rows">Receives [n, length of the features], n as many images at most.</param>
    public void Read(Span<float> rows)
    {
        int length = Features.Length();
        foreach ((Range place, Tensor source, float[] values) in _parts)
        {
            _network.Device.Download(source, values);
            int width = values.Length / Batch;
            for (int row = 0; row < rows.Length / length; row++)
            {
                values.AsSpan(row * width, width).CopyTo(rows.Slice(row * length, length)[place]);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sequence.Dispose();
        _arena.Dispose();
    }

    /// <summary>Runs without the recording and shows what every step has written.</summary>
    /// <param name="images">[B,299,299,3]; the pass must take them as one group.</param>
    /// <param name="tap">Receives each step and its channels of the image; of steps of one name the last has written what the published step writes.</param>
    internal void Trace(ReadOnlySpan<float> images, Action<InceptionStep, Tensor> tap)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(_group, Batch);
        _network.Device.Upload(_buffers.Images[InceptionStructure.Image], images);
        Enqueue(tap);
    }

    private static InceptionStep[] Needed(InceptionFeatures features)
    {
        if (features == 0 || (features & ~InceptionFeatures.All) != 0)
        {
            throw new ArgumentException($"features {features} are none", nameof(features));
        }

        // Of the spatial features' image one branch alone.
        HashSet<string> whole = features == InceptionFeatures.Spatial ? [] : [InceptionStructure.Pool];
        Stack<InceptionStep> needed = [];
        foreach (InceptionStep step in InceptionPlan.Steps.Reverse())
        {
            if (whole.Contains(step.Output) || (step == _spatial && features.HasFlag(InceptionFeatures.Spatial)))
            {
                whole.Add(step.Input);
                needed.Push(step);
            }
        }

        return [.. needed];
    }

    // [B,17,17,7] among the other channels.
    private static Tensor Spatial(Buffers buffers) =>
        buffers.Images[_spatial.Output].SliceChannels(_spatial.FirstChannel, InceptionStructure.SpatialChannels);

    private void Enqueue(Action<InceptionStep, Tensor>? tap = null)
    {
        int stem = InceptionMemory.StemLength(_steps);
        for (int first = 0; first < Batch; first += _group)
        {
            foreach (InceptionStep step in _steps[..stem])
            {
                Enqueue(step, first, Math.Min(_group, Batch - first), tap);
            }
        }

        foreach (InceptionStep step in _steps[stem..])
        {
            Enqueue(step, 0, Batch, tap);
        }

        if (!_buffers.Logits.IsNone)
        {
            _network.Classify(_buffers.Of(InceptionFeatures.Pool), _buffers.Logits);
        }

        if (!_buffers.Spatial.IsNone)
        {
            // A copy without gaps: a download brings all channels of an image, of which these are few.
            _network.Device.Activate(Spatial(_buffers), _buffers.Spatial, Activation.None);
        }
    }

    private void Enqueue(InceptionStep step, int first, int count, Action<InceptionStep, Tensor>? tap)
    {
        Tensor x = Images(step.Input), y = Images(step.Output).SliceChannels(step.FirstChannel, step.Outputs);
        if (step.Op == InceptionOp.Convolution)
        {
            _network.Convolution(step.Name).Forward(_network.Device, x, y, InceptionPlan.ActivationOf(step));
        }
        else
        {
            _network.Device.Pooling(x, y, InceptionWindow.Of(step), InceptionPlan.PoolOf(step));
        }

        tap?.Invoke(step, y);

        // Where there is room for a group alone, it holds this one.
        Tensor Images(string name)
        {
            Tensor all = _buffers.Images[name];
            return all.SliceImages(all.Shape[0] == Batch ? first : 0, count);
        }
    }

    private static int GroupOf(Device device) =>
        device.LastLevelCacheBytes is { } bytes ? InceptionMemory.GroupOf(bytes, device.StorageType) : MaxBatch;

    private sealed class Buffers
    {
        public Buffers(Arena arena, IReadOnlyList<InceptionStep> steps, int batch, int group, InceptionFeatures features)
        {
            string[] kept = features.HasFlag(InceptionFeatures.Spatial) ? [_spatial.Output] : [];
            Images = new InceptionMemory(steps, kept, batch, group).Take(arena);
            Logits = features.HasFlag(InceptionFeatures.Logits) ? arena.Take(batch, InceptionStructure.Classes) : default;
            const int Pixels = InceptionStructure.SpatialSide * InceptionStructure.SpatialSide;
            Spatial = features.HasFlag(InceptionFeatures.Spatial) ? arena.Take(batch * Pixels, InceptionStructure.SpatialChannels) : default;
        }

        public Dictionary<string, Tensor> Images { get; }

        public Tensor Logits { get; }

        /// <summary>[B 289, 7].</summary>
        public Tensor Spatial { get; }

        /// <summary>[B, C], or of the spatial features <see cref="Spatial"/>.</summary>
        public Tensor Of(InceptionFeatures part) => part switch
        {
            InceptionFeatures.Pool => Images[InceptionStructure.Pool].Reshape(Images[InceptionStructure.Pool].Shape[0], InceptionStructure.PoolLength),
            InceptionFeatures.Spatial => Spatial,
            _ => Logits,
        };
    }
}
