using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Model.Networks.UVit;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks;

/// <summary>Every family of networks, by the architecture of its checkpoints. A family is added here and in a folder of its own.</summary>
public static class NetworkFamilies
{
    private static readonly NetworkFamily[] _all = [new DitFamily(), new UVitFamily()];

    /// <summary>The family of an architecture.</summary>
    /// <exception cref="ArgumentException">It is not a denoising network.</exception>
    public static NetworkFamily Of(Architecture architecture) => Array.Find(_all, family => family.Name == architecture.Family)
        ?? throw new ArgumentException($"{architecture.Name}: a {architecture.Family} is not a denoising network");

    /// <summary>The family that a router belongs to.</summary>
    public static NetworkFamily Of(RouterTarget target) => Array.Find(_all, family => family.Routers == target)!;

    /// <summary>Describes a network.</summary>
    public static NetworkInfo Describe(TransformerArchitecture architecture) => Of(architecture).Describe(architecture);

    /// <summary>Loads a network's weights tensor by tensor into one allocation.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="read">Gives tensors by their published names.</param>
    /// <param name="device">Where to put them.</param>
    /// <param name="use">What for.</param>
    public static Network Load(
        TransformerArchitecture architecture, WeightReader read, Device device, WeightUse use = WeightUse.Inference) =>
        Of(architecture).Load(architecture, read, device, use);

    /// <summary>A network whose weights are counted and not there: ops may be recorded with it, never run.</summary>
    public static Network OnPaper(TransformerArchitecture architecture, Device device, WeightUse use = WeightUse.Inference) =>
        Of(architecture).Load(architecture, null, device, use);
}
