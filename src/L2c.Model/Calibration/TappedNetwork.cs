using L2c.Kernels;
using L2c.Model.Networks;

namespace L2c.Model.Calibration;

/// <summary>Told what a forward pass is given and of every stage that it reaches, see <see cref="ForwardTap"/>.</summary>
/// <param name="evaluation">From 0, in sampling order.</param>
/// <param name="stage"><see cref="TappedNetwork.Input"/> or the stage's name in the recorded data.</param>
/// <param name="value">Valid until the next stage overwrites it.</param>
internal delegate void EvaluationTap(int evaluation, string stage, Tensor value);

/// <summary>A network whose forward passes are looked at. Its ops must run as they are enqueued.</summary>
/// <param name="network">It stays its owner's.</param>
/// <param name="tap">Sees every pass.</param>
internal sealed class TappedNetwork(Network network, EvaluationTap tap)
    : Network(network.Info, network.Device, null, network.WeightBytes, network.Use)
{
    /// <summary>Name of the stage at which the tap sees what a pass is given.</summary>
    public const string Input = "input";

    /// <inheritdoc/>
    public override NetworkMemory Take(Arena arena, NetworkNeeds needs) => network.Take(arena, needs);

    /// <inheritdoc/>
    public override void Prepare(NetworkMemory memory, int group, ForwardTap? other = null) => network.Prepare(memory, group, other);

    /// <inheritdoc/>
    public override void Forward(Tensor image, NetworkMemory memory, EvaluationPlan plan, Tensor output, ForwardTap? other = null)
    {
        tap(plan.Evaluation, Input, image);
        network.Forward(image, memory, plan, output, (stage, value) => tap(plan.Evaluation, stage, value));
    }

    /// <inheritdoc/>
    public override void Backward(NetworkMemory memory, EvaluationPlan plan, Tensor outputGradient) =>
        network.Backward(memory, plan, outputGradient);

    /// <inheritdoc/>
    public override void Products(NetworkMemory memory) => network.Products(memory);
}
