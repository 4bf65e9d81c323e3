using System.Collections;
using System.Text.Json;

namespace L2c.Model.Training;

/// <summary>The settings that decide the bits of a training run, by the name of their option: a run is resumed only with the same ones.</summary>
/// <remarks>What changes no bit of the result is omitted: steps to do, checkpoint and log intervals, threads, places of files.</remarks>
public sealed class TrainingSettings : IEnumerable<KeyValuePair<string, string>>
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _defaults = new(StringComparer.Ordinal);

    /// <summary>None.</summary>
    public TrainingSettings()
    {
    }

    /// <summary>Those of another run.</summary>
    /// <param name="other">Not changed by what is added to the copy.</param>
    public TrainingSettings(TrainingSettings other)
    {
        foreach ((string option, string value) in other._values)
        {
            _values.Add(option, value);
        }

        _defaults.UnionWith(other._defaults);
    }

    /// <summary>The value of a setting that was added.</summary>
    /// <param name="option">As <c>--lr</c>.</param>
    public string this[string option] => _values[option];

    /// <summary>Adds a setting.</summary>
    /// <param name="option">As <c>--lr</c>.</param>
    /// <param name="value">Formatted so that equal text is equal effect; empty where the option is off.</param>
    public void Add(string option, string value) => _values.Add(option, value);

    /// <summary>Adds a number: the shortest text that gives it back.</summary>
    public void Add(string option, double value) => Add(option, value.ToString("R", System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Adds a setting that nobody gave: a state that the run goes on from decides it, see <see cref="Adopt"/>.</summary>
    /// <inheritdoc cref="Add(string, string)"/>
    public void AddDefault(string option, string value)
    {
        Add(option, value);
        _ = _defaults.Add(option);
    }

    /// <summary>One JSON object, sorted by option.</summary>
    public string ToJson() => JsonSerializer.Serialize(new SortedDictionary<string, string>(_values, StringComparer.Ordinal));

    /// <summary>Takes over what a state was written with where nobody gave a setting.</summary>
    /// <param name="saved">What <see cref="ToJson"/> wrote then.</param>
    /// <exception cref="FormatException">The text is not such an object.</exception>
    public void Adopt(string saved)
    {
        Dictionary<string, string> before = Parse(saved);
        foreach (string option in _defaults)
        {
            _values[option] = before.GetValueOrDefault(option, "");
        }
    }

    /// <summary>Says which setting differs from those that a state was written with.</summary>
    /// <param name="saved">What <see cref="ToJson"/> wrote then.</param>
    /// <returns>One line, or null when all agree.</returns>
    /// <exception cref="FormatException">The text is not such an object.</exception>
    public string? FindDifference(string saved)
    {
        Dictionary<string, string> before = Parse(saved);
        foreach (string option in _values.Keys.Union(before.Keys).Order(StringComparer.Ordinal))
        {
            string was = before.GetValueOrDefault(option, "");
            string now = _values.GetValueOrDefault(option, "");
            if (was != now)
            {
                return $"{option} was {Show(was)} and is now {Show(now)}";
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string Show(string value) => value.Length == 0 ? "off" : value;

    private static Dictionary<string, string> Parse(string saved)
    {
        Dictionary<string, string?> settings;
        try
        {
            settings = JsonSerializer.Deserialize<Dictionary<string, string?>>(saved) ?? throw new FormatException("the settings are null");
        }
        catch (JsonException e)
        {
            throw new FormatException("the settings are not a JSON object of texts", e);
        }

        return settings.ToDictionary(
            setting => setting.Key, setting => setting.Value ?? throw new FormatException("a setting is null"), StringComparer.Ordinal);
    }
}
