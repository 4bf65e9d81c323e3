using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks;

/// <summary>
/// Called after a stage of a forward pass with its name and result. Only outside recording, where each op has run when its call returns.
/// </summary>
/// <param name="stage">Name as the recorded data uses it: <c>block0.attn_out</c>.</param>
/// <param name="value">Valid until the next stage overwrites it.</param>
public delegate void ForwardTap(string stage, Tensor value);

/// <summary>A denoising network with its weights on a device: all that runs, training and measurements know of one.</summary>
/// <remarks>The methods enqueue ops; nothing in them depends on data, so they can be recorded once and replayed.</remarks>
public abstract class Network : IDisposable
{
    private readonly Arena? _arena;

    private protected Network(NetworkInfo info, Device device, Arena? arena, long weightBytes, WeightUse use) =>
        (Info, Device, _arena, WeightBytes, Use) = (info, device, arena, weightBytes, use);

    /// <summary>What it is.</summary>
    public NetworkInfo Info { get; }

    /// <summary>Its shapes.</summary>
    public TransformerArchitecture Architecture => Info.Architecture;

    /// <summary>Where the weights are and ops go.</summary>
    public Device Device { get; }

    /// <summary>What the weights were loaded for.</summary>
    public WeightUse Use { get; }

    /// <summary>Memory that the weights take in the device's layout.</summary>
    public long WeightBytes { get; }

    /// <summary>Carves memory for evaluations.</summary>
    public abstract NetworkMemory Take(Arena arena, NetworkNeeds needs);

    /// <summary>Enqueues what a group of evaluations needs beside the image: all that depends on time and label alone.</summary>
    /// <param name="memory">Its times and labels are read at replay.</param>
    /// <param name="group">Evaluations <c>group * GroupSize</c> and so on; they overwrite those of the group before.</param>
    /// <param name="tap">Sees intermediate results, or null.</param>
    public abstract void Prepare(NetworkMemory memory, int group, ForwardTap? tap = null);

    /// <summary>Enqueues one evaluation.</summary>
    /// <param name="image">[N,C_in,H,W]: with guidance every image is read by both halves of the rows.</param>
    /// <param name="memory">With the evaluation's group prepared.</param>
    /// <param name="plan">What is computed and contributed.</param>
    /// <param name="output">[B,C_out,H,W].</param>
    /// <param name="tap">Sees every stage of the recorded data, or null; then every branch must be computed.</param>
    public abstract void Forward(Tensor image, NetworkMemory memory, EvaluationPlan plan, Tensor output, ForwardTap? tap = null);

    /// <summary>Enqueues the backward pass of an evaluation: gradients of its terms' scalars, or of all trained weights.</summary>
    /// <param name="memory">As the forward pass left it, in whole.</param>
    /// <param name="plan">The evaluation's.</param>
    /// <param name="outputGradient">[B,C_out,H,W].</param>
    public abstract void Backward(NetworkMemory memory, EvaluationPlan plan, Tensor outputGradient);

    /// <summary>Enqueues the matrix products of every block and nothing else, not even a bias: what is left of <see cref="Forward"/> if all the rest
    /// takes no time.</summary>
    /// <param name="memory">Of a pass that has run; what it holds afterwards means nothing.</param>
    public abstract void Products(NetworkMemory memory);

    /// <summary>A stored tensor that is not trained.</summary>
    /// <param name="name">Its published name.</param>
    /// <exception cref="NotSupportedException">Weights of its family are not trained.</exception>
    internal virtual Tensor Constant(string name) => throw NotTrained();

    /// <summary>Enqueues writing trained parameters into the layouts that the passes read.</summary>
    /// <exception cref="NotSupportedException">Weights of its family are not trained.</exception>
    internal virtual void Pack() => throw NotTrained();

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        _arena?.Dispose();
        GC.SuppressFinalize(this);
    }

    private NotSupportedException NotTrained() => new($"{Architecture.Name}: weights of a {Info.Family.Title} are not trained");

    /// <summary>Fails where the weights have been freed. For all that reads them, recorded or not.</summary>
    /// <exception cref="ObjectDisposedException">They have.</exception>
    public void RequireAlive() => ObjectDisposedException.ThrowIf(_arena?.IsDisposed == true, this);
}
