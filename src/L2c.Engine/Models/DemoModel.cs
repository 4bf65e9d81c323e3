namespace L2c;

/// <summary>The model and the router that come with the library: what runs when nothing is named.</summary>
public static class DemoModel
{
    /// <summary>Respacing that the router was trained for.</summary>
    public const string Steps = "20";

    /// <summary>The built-in pictures that the model was trained on, as <c>--data</c> names them.</summary>
    public const string Data = "shapes";

    /// <summary>The checkpoint.</summary>
    public static string Path => Beside("shapes-dit8.safetensors");

    /// <summary>Its router.</summary>
    public static string RouterPath => Beside("shapes-dit8-router20.safetensors");

    private static string Beside(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "models", file);
}
