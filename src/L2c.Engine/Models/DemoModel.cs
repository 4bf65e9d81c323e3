using L2c.Model.Networks;

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

    /// <summary>The checkpoint.</summary>
    public static string Path => Beside("shapes-dit8.safetensors");

    /// <summary>Its router.</summary>
    public static string RouterPath => Beside("shapes-dit8-router20.safetensors");

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
