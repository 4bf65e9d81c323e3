using System.IO.Enumeration;
using L2c.Kernels;

namespace L2c.Bench.Micro;

/// <summary>The ops of a forward, of a backward pass and of a training step, each as one network calls it.</summary>
internal static class KernelCases
{
    private const float Epsilon = 1e-6f;

    /// <summary>Takes operands for a network's shapes, and returns the call.</summary>
    public delegate Action<Device> Builder(Operands operands, NetworkShape shape);

    /// <summary>By name, forward before backward.</summary>
    public static IReadOnlyDictionary<string, Builder> All { get; } = new Dictionary<string, Builder>(StringComparer.Ordinal)
    {
        ["Linear (qkv)"] = (o, s) => Linear(o, s, 3 * s.Width, s.Width, Activation.None),
        ["Linear (fc1, GELU)"] = (o, s) => Linear(o, s, s.Hidden, s.Width, Activation.GeluTanh),
        ["Linear (fc2)"] = (o, s) => Linear(o, s, s.Width, s.Hidden, Activation.None),
        ["Linear (long skip, accumulates)"] = (o, s) =>
        {
            (Tensor skip, Tensor y, Matrix weight) = (Stream(o, s), Stream(o, s), o.TakeWeight(s.Width, 2 * s.Width).Matrix);
            return device => device.Linear(skip, weight.SliceInputs(s.Width, s.Width), default, y, accumulates: true);
        },
        ["Linear (gradient of fc1's input)"] = (o, s) =>
        {
            (Tensor dy, Tensor dx) = (o.Take(Rows(s), s.Hidden), o.Take(Rows(s), s.Width));
            Matrix transposed = o.TakeWeight(s.Hidden, s.Width).Transposed;
            return device => device.Linear(dy, transposed, default, dx);
        },
        ["LinearWeightGradient (fc1)"] = (o, s) =>
        {
            (Tensor dy, Tensor x, Tensor dWeight) = (o.Take(Rows(s), s.Hidden), o.Take(Rows(s), s.Width), o.Take(s.Hidden, s.Width));
            return device => device.LinearWeightGradient(dy, x, dWeight);
        },
        ["ColumnSums (fc1)"] = (o, s) =>
        {
            (Tensor dy, Tensor sums) = (o.Take(Rows(s), s.Hidden), o.Take(s.Hidden));
            return device => device.ColumnSums(dy, sums);
        },
        ["PackMatrix (fc1)"] = (o, s) =>
        {
            (Tensor values, Matrix weight) = (o.Take(s.Hidden, s.Width), o.TakeWeight(s.Hidden, s.Width).Matrix);
            return device => device.PackMatrix(values, weight);
        },
        ["PackTransposed (fc1)"] = (o, s) =>
        {
            (Tensor values, Matrix transposed) = (o.Take(s.Hidden, s.Width), o.TakeWeight(s.Hidden, s.Width).Transposed);
            return device => device.PackTransposed(values, transposed);
        },
        ["Attention"] = (o, s) =>
        {
            (Tensor qkv, Tensor y) = (o.Take(s.Batch, s.Tokens, 3 * s.Width), Stream(o, s));
            return device => device.Attention(qkv, y, s.Heads);
        },
        ["AttentionBackward"] = (o, s) =>
        {
            (Tensor qkv, Tensor dQkv) = (o.Take(s.Batch, s.Tokens, 3 * s.Width), o.Take(s.Batch, s.Tokens, 3 * s.Width));
            Tensor dy = Stream(o, s);
            return device => device.AttentionBackward(qkv, dy, dQkv, s.Heads);
        },
        ["ResidualNorm"] = (o, s) =>
        {
            (Tensor x, Tensor branch, Tensor sum, Tensor y, Tensor m) = (Stream(o, s), Stream(o, s), Stream(o, s), Stream(o, s), Modulation(o, s));
            return device => device.ResidualNorm(x, [new(branch, Part(m, 2))], sum, Norm.Modulated(Part(m, 0), Part(m, 1), Epsilon), y);
        },
        ["ResidualNorm (forecast of two terms)"] = (o, s) =>
        {
            (Tensor x, Tensor first, Tensor second, Tensor sum, Tensor y) = (Stream(o, s), Stream(o, s), Stream(o, s), Stream(o, s), Stream(o, s));
            Tensor m = Modulation(o, s);
            Norm norm = Norm.Modulated(Part(m, 0), Part(m, 1), Epsilon);
            return device => device.ResidualNorm(x, [new(first, Part(m, 2), 1.75f), new(second, Weight: -0.75f, Joins: true)], sum, norm, y);
        },
        ["NormBackward"] = (o, s) => NormBackward(o, s, withSums: false),
        ["NormBackward (with dScale, dShift)"] = (o, s) => NormBackward(o, s, withSums: true),
        ["ResidualTermBackward"] = (o, s) =>
        {
            (Tensor dx, Tensor dBranch, Tensor m) = (Stream(o, s), Stream(o, s), Modulation(o, s));
            return device => device.ResidualTermBackward(dx, new(default, Part(m, 0)), dBranch);
        },
        ["ResidualTermBackward (with dGate)"] = (o, s) =>
        {
            (Tensor dx, Tensor branch, Tensor dBranch, Tensor m) = (Stream(o, s), Stream(o, s), Stream(o, s), Modulation(o, s));
            return device => device.ResidualTermBackward(dx, new(branch, Part(m, 0)), dBranch, Part(m, 1));
        },
        ["ResidualTermBackward (student)"] = (o, s) =>
        {
            (Tensor dx, Tensor fresh, Tensor kept, Tensor dFresh, Tensor m) = (Stream(o, s), Stream(o, s), Stream(o, s), Stream(o, s), Modulation(o, s));
            (Tensor weight, Tensor rest, Tensor dWeight) = (o.Take(1), o.Take(1), o.Take(Rows(s)));
            return device => device.ResidualTermBackward(
                dx,
                [new(kept, Part(m, 0), Scalar: rest), new(fresh, Scalar: weight, Joins: true)],
                [new(Slope: -1), new(dFresh, 1)],
                dScalar: dWeight);
        },
        ["Activate (GELU)"] = (o, s) => Activate(o, s, Activation.GeluTanh),
        ["ActivateBackward (GELU)"] = (o, s) => ActivateBackward(o, s, Activation.GeluTanh),
        ["ActivateBackward (GELU, erf)"] = (o, s) => ActivateBackward(o, s, Activation.GeluErf),
        ["Blend"] = (o, s) =>
        {
            (Tensor fresh, Tensor cached, Tensor blended, Tensor weight) = (Stream(o, s), Stream(o, s), Stream(o, s), o.Take(1));
            return device => device.Blend(fresh, cached, weight, blended);
        },
        ["BlendBackward"] = (o, s) =>
        {
            (Tensor d, Tensor fresh, Tensor cached, Tensor dFresh) = (Stream(o, s), Stream(o, s), Stream(o, s), Stream(o, s));
            (Tensor weight, Tensor dWeight) = (o.Take(1), o.Take(Rows(s)));
            return device => device.BlendBackward(d, fresh, cached, weight, dFresh, dWeight);
        },
        ["Patchify"] = (o, s) =>
        {
            (Tensor image, Tensor patches) = (Image(o, s, 1), Patches(o, s));
            return device => device.Patchify(image, patches, s.Patch);
        },
        ["Unpatchify"] = (o, s) =>
        {
            (Tensor image, Tensor tokens) = (Image(o, s, 1), Patches(o, s));
            return device => device.Unpatchify(tokens, image, s.Patch);
        },
        ["UnpatchifyBackward"] = (o, s) =>
        {
            (Tensor image, Tensor tokens) = (Image(o, s, 1), Patches(o, s));
            return device => device.UnpatchifyBackward(image, tokens, s.Patch);
        },
        ["ImageConvolution"] = (o, s) =>
        {
            (Tensor x, Tensor y) = (Image(o, s, 1), Image(o, s, 1));
            Tensor weight = o.Take(x.Shape[1], x.Shape[1], 3, 3);
            return device => device.ImageConvolution(x, weight, default, y);
        },
        ["Conditioning"] = (o, s) =>
        {
            (Tensor time, Tensor table, Tensor labels) = (o.Take(s.Batch, s.Width), o.Take(s.Labels, s.Width), o.TakeRows(s.Batch));
            (Tensor c, Tensor silu) = (o.Take(s.Batch, s.Width), o.Take(s.Batch, s.Width));
            return device => device.Conditioning(time, table, labels, c, silu);
        },
        ["ConditioningBackward"] = (o, s) =>
        {
            (Tensor dSilu, Tensor c, Tensor dTime) = (o.Take(s.Batch, s.Width), o.Take(s.Batch, s.Width), o.Take(s.Batch, s.Width));
            (Tensor labels, Tensor dTable) = (o.TakeRows(s.Batch), o.Take(s.Labels, s.Width));
            return device => device.ConditioningBackward(dSilu, c, labels, dTime, dTable);
        },
        ["GatherRows"] = (o, s) =>
        {
            (Tensor source, Tensor rows, Tensor destination) = (o.Take(s.Labels, s.Width), o.TakeRows(Rows(s)), o.Take(Rows(s), s.Width));
            return device => device.GatherRows(source, rows, destination);
        },
        ["SamplerUpdate (DDIM)"] = (o, s) =>
        {
            (Tensor output, Tensor x) = (Image(o, s, 2), Image(o, s, 1));
            SamplerPrediction prediction = new() { InputToX0 = 1.1f, EpsToX0 = 0.4f };
            LinearUpdate ddim = new(SamplerState.X) { X0 = 0.9f, Eps = 0.1f };
            return device => device.SamplerUpdate(output, default, 0, prediction, new(x), default, [ddim]);
        },
        ["SquaredError"] = (o, s) =>
        {
            (Tensor a, Tensor b, Tensor dA, Tensor sums) = (Image(o, s, 2), Image(o, s, 2), Image(o, s, 2), o.Take(s.Batch));
            return device => device.SquaredError(a, b, (int)(a.Shape.Count / s.Batch), 1e-3f, dA, sums);
        },
        ["HybridLoss"] = (o, s) =>
        {
            (Tensor output, Tensor dOutput, Tensor noise, Tensor x0) = (Image(o, s, 2), Image(o, s, 2), Image(o, s, 1), Image(o, s, 1));
            // No image is at timestep 0, as 999 of 1000 are not.
            Tensor table = o.TakeBetween(0, 0, s.Batch, (int)HybridLossColumn.Count);
            (Tensor xt, Tensor losses) = (Image(o, s, 1), o.Take(s.Batch, 2));
            return device => device.HybridLoss(output, noise, x0, xt, table, dOutput, losses);
        },
        ["ClipNorm (a block)"] = (o, s) =>
        {
            (Tensor g, Tensor norm, Tensor scale) = (o.Take(18 * s.Width * s.Width), o.Take(1), o.Take(1));
            return device => device.ClipNorm(g, 1, norm, scale);
        },
        ["AdamW (a block, with its average)"] = (o, s) =>
        {
            int count = 18 * s.Width * s.Width;
            (Tensor w, Tensor g, Tensor m, Tensor average) = (o.Take(count), o.Take(count), o.Take(count), o.Take(count));
            (Tensor v, Tensor coefficients) = (o.TakeBetween(0, 1, count), o.TakeBetween(0.1f, 0.2f, (int)AdamWCoefficient.Count));
            return device => device.AdamW(w, g, m, v, average, coefficients);
        },
    };

    /// <summary>Names that a pattern fits: * and ? stand for anything, letters of either case are the same.</summary>
    public static IEnumerable<string> Named(string pattern) => All.Keys.Where(name => FileSystemName.MatchesSimpleExpression(pattern, name));

    private static Action<Device> Linear(Operands o, NetworkShape s, int outputs, int inputs, Activation activation)
    {
        (Tensor x, Tensor bias, Tensor y) = (o.Take(Rows(s), inputs), o.Take(outputs), o.Take(Rows(s), outputs));
        Matrix weight = o.TakeWeight(outputs, inputs).Matrix;
        return device => device.Linear(x, weight, bias, y, activation);
    }

    private static Action<Device> NormBackward(Operands o, NetworkShape s, bool withSums)
    {
        (Tensor x, Tensor dy, Tensor dxIn, Tensor dxOut, Tensor m) = (Stream(o, s), Stream(o, s), Stream(o, s), Stream(o, s), Modulation(o, s));
        Norm norm = Norm.Modulated(Part(m, 0), Part(m, 1), Epsilon);
        (Tensor dScale, Tensor dShift) = withSums ? (Part(m, 2), Part(m, 3)) : (default, default);
        return device => device.NormBackward(x, norm, dy, dxIn, dxOut, dScale, dShift);
    }

    private static Action<Device> Activate(Operands o, NetworkShape s, Activation activation)
    {
        (Tensor x, Tensor y) = (o.Take(Rows(s), s.Hidden), o.Take(Rows(s), s.Hidden));
        return device => device.Activate(x, y, activation);
    }

    private static Action<Device> ActivateBackward(Operands o, NetworkShape s, Activation activation)
    {
        (Tensor dy, Tensor x, Tensor dx) = (o.Take(Rows(s), s.Hidden), o.Take(Rows(s), s.Hidden), o.Take(Rows(s), s.Hidden));
        return device => device.ActivateBackward(dy, x, dx, activation);
    }

    private static int Rows(NetworkShape s) => s.Batch * s.Tokens;

    private static Tensor Stream(Operands o, NetworkShape s) => o.Take(s.Batch, s.Tokens, s.Width);

    private static Tensor Image(Operands o, NetworkShape s, int times) => o.Take(s.Batch, times * s.Channels, s.Size, s.Size);

    private static Tensor Patches(Operands o, NetworkShape s) => o.Take(s.Batch, s.Tokens, s.Channels * s.Patch * s.Patch);

    private static Tensor Modulation(Operands o, NetworkShape s) => o.Take(s.Batch, 6 * s.Width);

    private static Tensor Part(Tensor modulation, int index) => modulation.SliceColumns(index * modulation.Columns / 6, modulation.Columns / 6);
}
