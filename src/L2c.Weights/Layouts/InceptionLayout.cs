namespace L2c.Weights.Layouts;

/// <summary>The FID Inception network with the names of its published copies, which are the canonical ones.</summary>
/// <remarks>
/// 472 tensors: of every convolution <c>.conv.weight</c> and four of <c>.bn</c>, and <c>fc</c>. Source: <c>pt_inception-2015-12-05-6726825d.pth</c> of
/// pytorch-fid; torch-fidelity's <c>weights-inception-2015-12-05-6726825d.pth</c> is the same.
/// </remarks>
public static class InceptionLayout
{
    private static readonly string[] _norm = ["weight", "bias", "running_mean", "running_var"];

    /// <summary>Names and shapes, in canonical order.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Tensors { get; } =
    [
        .. InceptionStructure.Convolutions.SelectMany<InceptionStep, (string, long[])>(step =>
        [
            ($"{step.Name}.conv.weight", [step.Outputs, step.Inputs, step.Height, step.Width]),
            .. _norm.Select(part => ($"{step.Name}.bn.{part}", new long[] { step.Outputs })),
        ]),
        ($"{InceptionStructure.Classifier}.weight", [InceptionStructure.Classes, InceptionStructure.PoolLength]),
        ($"{InceptionStructure.Classifier}.bias", [InceptionStructure.Classes]),
    ];

    internal static TensorNaming Naming { get; } = new(
        "published names",
        InceptionArchitecture.FamilyName,
        dict => dict.Has("Mixed_5b.branch1x1.conv.weight") || dict.Has("Conv2d_1a_3x3.conv.weight"),
        (dict, hints) => new InceptionArchitecture { Name = TransformerFacts.Name(dict, hints, null) },
        _ => [.. Tensors.Select(tensor => new TensorRule(tensor.Name, tensor.Shape))],
        [.. InceptionStructure.Convolutions.Select(step => $"{step.Name}.bn.num_batches_tracked")]);
}
