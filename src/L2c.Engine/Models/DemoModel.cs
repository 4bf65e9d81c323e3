using System.Globalization;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>The model and the router that come with the library: what runs when nothing is named.</summary>
public static class DemoModel
{
    /// <summary>Respacing that the router was trained for.</summary>
    public const string Steps = "20";

    /// <summary>The built-in pictures that the model was trained on, as <c>--data</c> names them.</summary>
    public const string Data = "shapes";

    /// <summary>Images per draw that its router is trained with unless somebody says so.</summary>
    internal const int RouterBatch = 4;

    // One to three minutes on two cores; the share that is reused stands still from about the 230th step on.
    private const int RouterSteps = 500;

    /// <summary>What is taken where no threshold is given: its router is of no published network.</summary>
    internal static double RouterThreshold { get; } =
        NetworkFamilies.Of(RouterTarget.Dit).Recipe(null, int.Parse(Steps, CultureInfo.InvariantCulture)).Threshold;

    /// <summary>The checkpoint.</summary>
    public static string Path => Beside("shapes-dit8.safetensors");

    /// <summary>Its router.</summary>
    public static string RouterPath => Beside("shapes-dit8-router20.safetensors");

    /// <summary>
    /// The one rule for when the router is used without being named: the network is the demo model because no checkpoint was named, nothing is said
    /// about what to reuse, and the sampler is the one that the router was trained with.
    /// </summary>
    /// <param name="asked">What was asked for.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="sampler">The run's sampler.</param>
    /// <returns>The request, with the router where the rule gives it; and what a person should know where only the sampler is in its way.</returns>
    public static (CacheRequest Request, string? Remark) Complete(CacheRequest asked, TransformerArchitecture architecture, SamplerTable sampler)
    {
        if (!asked.IsOfDemo || !asked.IsOpen)
        {
            return (asked, null);
        }

        return IsOf(SamplerCatalog.Create(NetworkFamilies.Describe(architecture), Steps), sampler)
            ? (asked with { Router = RouterPath }, null)
            : (asked, $"the demo model's router is for {Steps} {SamplerCatalog.Ddim} steps with eta 0, so it is not used here");
    }

    // By what the samplers do: --sampler ddim --eta 0 is no other one.
    private static bool IsOf(SamplerTable own, SamplerTable other) =>
        own.Name == other.Name && own.Evaluations.Count == other.Evaluations.Count
        && own.Evaluations.Zip(other.Evaluations).All(pair =>
            pair.First with { Updates = pair.Second.Updates } == pair.Second && pair.First.Updates.SequenceEqual(pair.Second.Updates));

    /// <summary>How its router is trained unless somebody says so: as published, in far fewer steps at a rate that is as much larger.</summary>
    /// <param name="published">The recipe of networks that nobody has published one for.</param>
    /// <remarks>
    /// AdamW moves a logit by about the rate in each step that draws its router. So steps times rate is the way that logits can go, and that way is
    /// what it takes from where they begin, N(0, 1), to a score below the threshold: at the published rate 500 steps move none there.
    /// </remarks>
    internal static CachingRecipe RouterRecipe(CachingRecipe published) =>
        published with { MaxSteps = RouterSteps, LearningRate = published.LearningRate * published.MaxSteps / RouterSteps };

    private static string Beside(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "models", file);
}
