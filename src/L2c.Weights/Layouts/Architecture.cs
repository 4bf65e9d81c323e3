using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>What a checkpoint's weights belong to: everything that the engine must know beyond the tensors themselves.</summary>
/// <remarks>Stored as JSON under <see cref="MetadataKey"/> in the safetensors files that the converter writes.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "family")]
[JsonDerivedType(typeof(DitArchitecture), DitArchitecture.FamilyName)]
[JsonDerivedType(typeof(UVitArchitecture), UVitArchitecture.FamilyName)]
[JsonDerivedType(typeof(VaeArchitecture), VaeArchitecture.FamilyName)]
[JsonDerivedType(typeof(InceptionArchitecture), InceptionArchitecture.FamilyName)]
[JsonDerivedType(typeof(RouterShape), RouterShape.FamilyName)]
public abstract record Architecture
{
    /// <summary>Key of the safetensors metadata entry that holds an architecture.</summary>
    public const string MetadataKey = "l2c.architecture";

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        AllowOutOfOrderMetadataProperties = true,
        RespectNullableAnnotations = true,
        MaxDepth = 8,
    };

    /// <summary>Published name and resolution, as <c>DiT-XL/2 256</c>, or a name of the user's choice.</summary>
    [JsonPropertyOrder(-2)]
    public required string Name { get; init; }

    /// <summary>"dit", "uvit", "vae", "inception" or "router".</summary>
    [JsonIgnore]
    public abstract string Family { get; }

    /// <summary>Checks that every number is positive, bounded and fits the others.</summary>
    /// <returns>What is wrong, or null. Every size that follows from a record without problems fits in 63 bits.</returns>
    public abstract string? FindProblem();

    /// <summary>One JSON object, camelCase, with the member <c>family</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, _json);

    /// <summary>Reads what <see cref="ToJson"/> wrote. Unknown and repeated members are refused.</summary>
    /// <exception cref="FormatException">The text is not such an object, or its values do not fit together.</exception>
    public static Architecture FromJson(string json)
    {
        if (json.Length > ReadLimits.ArchitectureCharacters)
        {
            throw new FormatException($"longer than {ReadLimits.ArchitectureCharacters} characters");
        }

        Architecture? architecture;
        try
        {
            architecture = JsonSerializer.Deserialize<Architecture>(json, _json);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new FormatException(OneLine(e.Message), e);
        }

        string? problem = architecture is null ? "null is not an architecture" : architecture.FindProblem();
        return problem is null ? architecture! : throw new FormatException(problem);
    }

    /// <summary>The problem with <see cref="Name"/>, or null.</summary>
    protected string? FindNameProblem() => FindTextProblem(nameof(Name), Name);

    /// <summary>The problem with a list of class names, or null: either none, or one printable name per class.</summary>
    protected static string? FindClassNamesProblem(IReadOnlyList<string> names, int classes)
    {
        if (names.Count != 0 && names.Count != classes)
        {
            return $"{names.Count} class names for {classes} classes";
        }

        return names.Select(name => FindTextProblem("class name", name)).FirstOrDefault(problem => problem is not null);
    }

    /// <summary>"X v is outside low..high", or null when it is inside.</summary>
    protected static string? OutOfRange(string what, double value, double low, double high) =>
        value >= low && value <= high
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{Member(what)} {value} is outside {low}..{high}");

    /// <summary>"X n is not a multiple of Y m", or null when it is.</summary>
    protected static string? Indivisible(string what, int value, string by, int divisor) =>
        value % divisor == 0 ? null : $"{Member(what)} {value} is not a multiple of {Member(by)} {divisor}";

    private static string? FindTextProblem(string what, string? text) =>
        string.IsNullOrWhiteSpace(text) || text.Length > 200 || text.Any(char.IsControl)
            ? $"{Member(what)} must be 1 to 200 printable characters"
            : null;

    private static string Member(string property) => JsonNamingPolicy.CamelCase.ConvertName(property);

    private static string OneLine(string message)
    {
        string line = new([.. message.Select(c => char.IsControl(c) ? ' ' : c)]);
        return line.Length > 300 ? line[..300] + "..." : line;
    }
}
