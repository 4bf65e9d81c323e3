namespace L2c.Model.Calibration;

/// <summary>What a method measured of a network and a sampler: enough to make schedules of any threshold without sampling again.</summary>
/// <param name="Method">See <see cref="CalibrationMethod.Name"/>.</param>
/// <param name="Model">Name of the network.</param>
/// <param name="Sampler">Name of the sampler.</param>
/// <param name="Steps">T: its evaluations.</param>
/// <param name="Branches">Branches of the network: twice its blocks.</param>
/// <param name="Images">Images that were measured.</param>
/// <param name="Figures">The numbers by name; which there are is the method's business.</param>
public sealed record CalibrationTable(
    string Method, string Model, string Sampler, int Steps, int Branches, int Images, IReadOnlyDictionary<string, double[]> Figures)
{
    /// <summary>The numbers of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="length">How many there have to be.</param>
    /// <exception cref="ArgumentException">There are none of that name, or another number of them.</exception>
    public double[] Figure(string name, int length) => Figures.TryGetValue(name, out double[]? values) && values.Length == length
        ? values
        : throw new ArgumentException(
            $"the table has {(values is null ? "no" : $"{values.Length}")} figures \"{name}\"; {Method} needs {length} of them");
}
