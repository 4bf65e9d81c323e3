using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>Whether what a run is given belongs together.</summary>
public static class TrainingFit
{
    /// <summary>Checks that data fit a network.</summary>
    /// <exception cref="ArgumentException">Images of another shape than the network reads, or labels that it does not have.</exception>
    public static void Check(ITrainingData data, TransformerArchitecture a)
    {
        if (data.Channels != a.InChannels || data.Size != a.InputSize)
        {
            throw new ArgumentException(
                $"{data.Name}: items of {data.Channels} x {data.Size} x {data.Size}, "
                + $"but {a.Name} reads {a.InChannels} x {a.InputSize} x {a.InputSize}; give other data");
        }

        if (a.LabelRows > 0 && data.Classes > a.NumClasses)
        {
            throw new ArgumentException($"{data.Name}: {data.Classes} classes, but {a.Name} has {a.NumClasses}; give other data");
        }
    }

    /// <summary>Checks that a router fits the one that is to be trained.</summary>
    /// <exception cref="ArgumentException">For another family, depth or number of steps.</exception>
    public static void Check(RouterLogits router, RouterShape wanted)
    {
        RouterShape given = router.Architecture;
        if (given.Target != wanted.Target)
        {
            (string its, string ours) = (NetworkFamilies.Of(given.Target).Title, NetworkFamilies.Of(wanted.Target).Title);
            throw new ArgumentException($"a router for a {its}, and the network is a {ours}; give a {ours}'s router");
        }

        if (given.Branches != wanted.Branches)
        {
            throw new ArgumentException(
                $"a router for {given.Branches / 2} blocks, but the network has {wanted.Branches / 2}; give a router of that depth");
        }

        int steps = RouterSchedule.Evaluations(given);
        if (steps != wanted.Evaluations)
        {
            throw new ArgumentException($"a router for {steps} steps, but --steps gives {wanted.Evaluations}; train with --steps {steps}");
        }
    }
}
