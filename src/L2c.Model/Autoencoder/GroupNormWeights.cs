using L2c.Kernels;

namespace L2c.Model.Autoencoder;

/// <summary>Weight and bias of a group norm, [C] each.</summary>
internal readonly record struct GroupNormWeights(Tensor Weight, Tensor Bias)
{
    /// <summary>Groups of every norm of the autoencoder.</summary>
    public const int Groups = 32;

    /// <summary>Epsilon of every norm of the autoencoder.</summary>
    public const float Epsilon = 1e-6f;

    /// <summary>Carves a norm.</summary>
    /// <param name="w">Reads <c>name.weight</c> and <c>name.bias</c>.</param>
    /// <param name="name">Its prefix.</param>
    /// <param name="channels">C.</param>
    public static GroupNormWeights Take(WeightLoader w, string name, int channels) =>
        new(w.Tensor($"{name}.weight", channels), w.Tensor($"{name}.bias", channels));

    /// <summary>Enqueues y = act(norm(x)).</summary>
    /// <param name="device">Where the op goes.</param>
    /// <param name="x">[B,H,W,C].</param>
    /// <param name="y">[B,H,W,C]; may be x itself.</param>
    /// <param name="activation">Applied to the result.</param>
    public void Forward(Device device, Tensor x, Tensor y, Activation activation) =>
        device.GroupNorm(x, Weight, Bias, y, Groups, Epsilon, activation);
}
