using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks;

/// <summary>What the networks of one architecture have in common: how they are described, loaded and trained.</summary>
public abstract class NetworkFamily
{
    /// <summary>As architectures and router files name it: "dit".</summary>
    public abstract string Name { get; }

    /// <summary>As people write it: "DiT".</summary>
    public abstract string Title { get; }

    /// <summary>Whether its networks can be loaded.</summary>
    public abstract bool CanRun { get; }

    /// <summary>Whose routers fit.</summary>
    public abstract RouterTarget Routers { get; }

    /// <summary>Describes one of its networks.</summary>
    public abstract NetworkInfo Describe(TransformerArchitecture architecture);

    /// <summary>What its authors cached one of its networks with.</summary>
    /// <param name="architecture">The network; null where it is not known.</param>
    /// <param name="evaluations">Evaluations of the sampler.</param>
    public abstract CachingRecipe Recipe(TransformerArchitecture? architecture, int evaluations);

    /// <summary>Weights before training, as published.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    public abstract WeightReader Initialization(TransformerArchitecture architecture, ulong seed);

    /// <summary>Published names and shapes of all tensors of a checkpoint in canonical order.</summary>
    public abstract IReadOnlyList<(string Name, long[] Shape)> Tensors(TransformerArchitecture architecture);

    /// <summary>Whether a tensor is trained rather than a constant.</summary>
    /// <param name="name">Its published name.</param>
    public abstract bool IsTrained(string name);

    /// <summary>Loads a network.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="read">Gives tensors by their published names; null to count memory only: ops may be recorded then, never run.</param>
    /// <param name="device">Where to put them.</param>
    /// <param name="use">What for.</param>
    /// <param name="trained">Where parameters that are trained lie; they are read into it, and <see cref="Network.Pack"/> has to follow. Null where the
    /// network is frozen.</param>
    internal abstract Network Load(
        TransformerArchitecture architecture, WeightReader? read, Device device, WeightUse use, TrainedParameters? trained = null);
}
