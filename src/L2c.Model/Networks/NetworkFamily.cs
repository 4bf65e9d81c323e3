using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks;

/// <summary>What the networks of one architecture have in common: how they are described, loaded and trained.</summary>
/// <param name="name">As architectures and router files name it: "dit".</param>
/// <param name="title">As people write it: "DiT".</param>
/// <param name="routers">Whose routers fit.</param>
/// <param name="canTrain">Whether the weights of its networks can be trained; their routers can.</param>
public abstract class NetworkFamily(string name, string title, RouterTarget routers, bool canTrain)
{
    /// <summary>As architectures and router files name it: "dit".</summary>
    public string Name { get; } = name;

    /// <summary>As people write it: "DiT".</summary>
    public string Title { get; } = title;

    /// <summary>Whose routers fit.</summary>
    public RouterTarget Routers { get; } = routers;

    /// <summary>Whether the weights of its networks can be trained; their routers can.</summary>
    public bool CanTrain { get; } = canTrain;

    /// <summary>Describes one of its networks.</summary>
    public abstract NetworkInfo Describe(TransformerArchitecture architecture);

    /// <summary>What its authors cached one of its networks with.</summary>
    /// <param name="architecture">The network; null where it is not known.</param>
    /// <param name="evaluations">Evaluations of the sampler.</param>
    public abstract CachingRecipe Recipe(TransformerArchitecture? architecture, int evaluations);

    /// <summary>Role and router row of every evaluation of its authors' sampler, which a router's file does not tell.</summary>
    /// <param name="rows">Rows of a router: the evaluations that were asked for.</param>
    public abstract (EvaluationRole Role, int RouterRow)[] PublishedEvaluations(int rows);

    /// <summary>Weights before training, as published.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <exception cref="ArgumentException">Weights of the family are not trained.</exception>
    public virtual WeightReader Initialization(TransformerArchitecture architecture, ulong seed) =>
        throw new ArgumentException($"{architecture.Name}: weights of a {Title} are not trained, only its routers; name another network");

    /// <summary>Published names and shapes of all tensors of a checkpoint in canonical order.</summary>
    public abstract IReadOnlyList<(string Name, long[] Shape)> Tensors(TransformerArchitecture architecture);

    /// <summary>Whether a tensor is trained rather than a constant.</summary>
    /// <param name="name">Its published name.</param>
    public virtual bool IsTrained(string name) => true;

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
