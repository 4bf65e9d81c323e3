using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Metrics.Inception;

/// <summary>The weights of the FID Inception network on a device, batch norms folded into the convolutions.</summary>
/// <remarks>Source: <see cref="InceptionStructure"/>. Images go through it by <see cref="InceptionPass"/>.</remarks>
public sealed class InceptionNetwork : IDisposable
{
    private readonly Arena _arena;
    private readonly Weights _weights;

    private InceptionNetwork(Device device, Arena arena, Weights weights) => (Device, _arena, _weights) = (device, arena, weights);

    /// <summary>Where it is.</summary>
    public Device Device { get; }

    /// <summary>Brings the weights to a device.</summary>
    /// <param name="device">Where to; it must outlive the network.</param>
    /// <param name="read">Gives the published tensors, see <see cref="InceptionLayout.Tensors"/>.</param>
    public static InceptionNetwork Load(Device device, WeightReader read)
    {
        (Arena arena, Weights weights) = WeightLoader.Load(
            device, WeightUse.Inference, trained: null, new FoldedBatchNorm(read).Read, loader => new Weights(loader));
        return new InceptionNetwork(device, arena, weights);
    }

    /// <summary>Bytes of the weights in the device's layout.</summary>
    public static long WeightBytes(Device device) =>
        WeightLoader.OnPaper(device, WeightUse.Inference, trained: null, loader => new Weights(loader)).Bytes;

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();

    /// <summary>A convolution by its published name.</summary>
    internal ConvolutionWeights Convolution(string name) => _weights.Convolutions[name];

    /// <summary>Enqueues the classifier's products, without its bias.</summary>
    internal void Classify(Tensor pool, Tensor logits) => Device.Linear(pool, _weights.Classifier.Weight, default, logits);

    /// <summary>Fails where the network has been disposed of.</summary>
    internal void RequireAlive() => ObjectDisposedException.ThrowIf(_arena.IsDisposed, this);

    private sealed class Weights(WeightLoader loader)
    {
        public Dictionary<string, ConvolutionWeights> Convolutions { get; } = InceptionStructure.Convolutions.ToDictionary(
            step => step.Name, step => loader.Convolution(step.Name, step.Outputs, step.Inputs, InceptionWindow.Of(step)));

        public LinearWeights Classifier { get; } = loader.Linear(
            InceptionStructure.Classifier, InceptionStructure.Classes, InceptionStructure.PoolLength, InputGradient.Never, hasBias: false);
    }
}
