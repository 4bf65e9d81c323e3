using System.Globalization;
using L2c.Weights.PyTorch;
using L2c.Weights.Safetensors;

namespace L2c.Weights.Layouts;

/// <summary>Writes router files. Equal routers give equal files.</summary>
public static class RouterFile
{
    /// <summary>One tensor <c>logits</c> with its architecture: what <c>weights-converter</c> makes of a published router.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="router">The logits; all finite.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="ArgumentException">The logits do not fit the architecture, or are not finite.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void WriteSafetensors(string path, RouterLogits router, bool overwrite)
    {
        Check(router);
        RouterShape a = router.Architecture;
        SafetensorsData.Write(
            path,
            [(RouterLayout.Logits, [a.Evaluations, a.Branches], router.Values)],
            new Dictionary<string, string> { [Architecture.MetadataKey] = a.ToJson() },
            overwrite);
    }

    /// <summary>
    /// As the published training has it in its files: a vector <c>N.prob</c> per evaluation index, for DiT under <c>routers</c>, for U-ViT alone.
    /// </summary>
    /// <remarks>The published files of DiT also hold the optimiser and the training script's arguments, which no sampling script reads.</remarks>
    /// <param name="path">Where the file shall appear; <c>.pt</c> or <c>.pth</c> by custom.</param>
    /// <param name="router">The logits; all finite.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="ArgumentException">The logits do not fit the architecture, or are not finite.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void WritePublished(string path, RouterLogits router, bool overwrite)
    {
        Check(router);
        RouterShape a = router.Architecture;
        TorchData.Write(
            path,
            a.Target == RouterTarget.Dit ? RouterLayout.Nest : null,
            Enumerable.Range(0, a.Evaluations).Select(evaluation => (
                evaluation.ToString(CultureInfo.InvariantCulture) + RouterLayout.Vector,
                new long[] { a.Branches },
                router.Row(evaluation).ToArray())),
            overwrite);
    }

    private static void Check(RouterLogits router)
    {
        RouterShape a = router.Architecture;
        string? problem = a.FindProblem()
            ?? (router.Values.Length == a.Evaluations * a.Branches ? null : $"{router.Values.Length} logits for {a.Evaluations} x {a.Branches}")
            ?? (Array.FindIndex(router.Values, v => !float.IsFinite(v)) is int at and >= 0 ? $"logit {at} is {router.Values[at]}" : null);
        if (problem is not null)
        {
            throw new ArgumentException($"router: {problem}", nameof(router));
        }
    }
}
