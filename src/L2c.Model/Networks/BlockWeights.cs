using L2c.Kernels;

namespace L2c.Model.Networks;

/// <summary>The linear maps of one block.</summary>
/// <param name="Qkv">C -> 3C.</param>
/// <param name="Projection">C -> C.</param>
/// <param name="Fc1">C -> MLP width.</param>
/// <param name="Fc2">MLP width -> C.</param>
internal sealed record BlockWeights(LinearWeights Qkv, LinearWeights Projection, LinearWeights Fc1, LinearWeights Fc2)
{
    /// <summary>All of them.</summary>
    public IEnumerable<LinearWeights> All => [Qkv, Projection, Fc1, Fc2];

    /// <summary>Enqueues their products and nothing else, see <see cref="Network.Products"/>.</summary>
    public void Products(Device device, PassActivations a)
    {
        device.Linear(a.Normed, Qkv.Weight, default, a.Qkv);                                                        // [B,T,3C]
        device.Linear(a.Heads, Projection.Weight, default, a.Branch);                                               // [B,T,C]
        device.Linear(a.Normed, Fc1.Weight, default, a.Hidden);                                                     // [B,T,4C]
        device.Linear(a.Hidden, Fc2.Weight, default, a.Branch);                                                     // [B,T,C]
    }
}
