using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks.Dit;

/// <summary>Weights of a DiT before training, as published.</summary>
/// <remarks>
/// Linear layers and the patch embedding: uniform on ±√(6 / (fan-in + fan-out)), biases 0 (Glorot and Bengio 2010, equation 16). Label table and
/// time MLP:
/// N(0, 0.02²). Modulations and the output layer: 0, so that every block begins as the identity and the network as 0 (Peebles and Xie 2023,
/// section 3.2, adaLN-Zero). Positions: the fixed table. Source of the facts: DiT models.py, initialize_weights.
/// </remarks>
/// <param name="architecture">The network.</param>
/// <param name="seed">The same seed gives the same weights.</param>
internal sealed class DitInitialization(DitArchitecture architecture, ulong seed)
{
    private const float Deviation = 0.02f;

    private readonly Dictionary<string, (int Number, long[] Shape)> _tensors = DitLayout.Tensors(architecture)
        .Select((tensor, i) => (tensor.Name, i, tensor.Shape))
        .ToDictionary(t => t.Name, t => (t.i, t.Shape));

    /// <summary>Fills a tensor; a <see cref="WeightReader"/>.</summary>
    /// <exception cref="KeyNotFoundException">The network has no such tensor.</exception>
    public void Read(string name, Span<float> destination)
    {
        (int number, long[] shape) = _tensors[name];
        if (name == "pos_embed")
        {
            SinCosPositions.Compute(architecture.InputSize / architecture.PatchSize, architecture.HiddenSize).CopyTo(destination);
        }
        else if (shape.Length == 1
            || name.Contains("adaLN_modulation", StringComparison.Ordinal)
            || name.StartsWith("final_layer.", StringComparison.Ordinal))
        {
            destination.Clear();
        }
        else if (name.StartsWith("t_embedder.", StringComparison.Ordinal) || name.StartsWith("y_embedder.", StringComparison.Ordinal))
        {
            TrainingDraws.Normals(seed, number, destination);
            Scale(destination, Deviation);
        }
        else
        {
            long fanIn = shape.Skip(1).Aggregate(1L, (product, extent) => product * extent);
            TrainingDraws.Uniforms(seed, number, destination);
            Scale(destination, (float)Math.Sqrt(6.0 / (fanIn + shape[0])));
        }
    }

    private static void Scale(Span<float> values, float factor)
    {
        foreach (ref float value in values)
        {
            value *= factor;
        }
    }
}
