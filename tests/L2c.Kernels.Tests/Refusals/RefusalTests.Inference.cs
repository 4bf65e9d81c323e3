namespace L2c.Kernels.Tests;

/// <content>Refusals of the ops that a network and a sampler are made of.</content>
public sealed partial class RefusalTests
{
    private static void Linear(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3), y = bench.Take(2, 4);
        Matrix weight = bench.PutMatrix(new float[12], 4, 3), other = bench.PutMatrix(new float[20], 4, 5);
        refused("Linear: x [2, 3] does not match weight [4, 5]", () => bench.Device.Linear(x, other, default, y));
        refused("Linear: y [2, 3] does not match weight [4, 3]", () => bench.Device.Linear(x, weight, default, x));
        refused("Linear: x [2, 3] does not match y [1, 4]", () => bench.Device.Linear(x, weight, default, y.SliceRows(0, 1)));
        refused("Linear: bias [3] does not match weight [4, 3]", () => bench.Device.Linear(x, weight, bench.Take(3), y));
        refused("WriteMatrix: 7 values at row 0 do not match weight [4, 3]", () => bench.Device.WriteMatrix(weight, 0, new float[7]));
        refused("WriteMatrix: 6 values at row 3 do not match weight [4, 3]", () => bench.Device.WriteMatrix(weight, 3, new float[6]));
        refused("WriteMatrix: 6 values at row 0 do not match", () => bench.Device.WriteMatrix(weight.SliceOutputs(0, 2), 0, new float[6]));
        refused("SliceOutputs: 2 outputs from 3 on are not in weight [4, 3]", () => weight.SliceOutputs(3, 2));
        refused("SliceOutputs: 2 outputs from -1 on are not in", () => weight.SliceOutputs(-1, 2));
        refused("SliceOutputs: 0 outputs from 1 on are not in", () => weight.SliceOutputs(1, 0));
        refused("SliceInputs: 2 inputs from 2 on are not in weight [4, 3]", () => weight.SliceInputs(2, 2));
        refused("SliceInputs: 1 inputs from -1 on are not in", () => weight.SliceInputs(-1, 1));
        refused("SliceInputs: 0 inputs from 0 on are not in", () => weight.SliceInputs(0, 0));
        refused("Linear: x [2, 3] does not match weight [4, 2]", () => bench.Device.Linear(x, weight.SliceInputs(1, 2), default, y));
        refused("WriteMatrix: 8 values at row 0 do not match", () => bench.Device.WriteMatrix(weight.SliceInputs(0, 2), 0, new float[8]));
    }

    private static void Attention(Bench bench, Refused refused)
    {
        Tensor qkv = bench.Take(1, 2, 12), y = bench.Take(1, 2, 4);
        refused("Attention: 3 heads do not divide C of y [1, 2, 4]", () => bench.Device.Attention(qkv, y, 3));
        refused("Attention: qkv [1, 2, 12] does not match y [1, 3, 4]", () => bench.Device.Attention(qkv, bench.Take(1, 3, 4), 1));
        refused("Attention: qkv [1, 2, 12] does not match y [1, 2, 6]", () => bench.Device.Attention(qkv, bench.Take(1, 2, 6), 1));
    }

    private static void ResidualNorm(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3, 4), y = bench.Take(2, 3, 4), gate = bench.Take(3, 4);
        refused("ResidualNorm: source [2, 3, 5] does not match output [2, 3, 4]", () => bench.Device.ResidualNorm(x, [new(bench.Take(2, 3, 5))], y, Norm.None, default));
        refused("ResidualNorm: gate [3, 4] does not match output [2, 3, 4]", () => bench.Device.ResidualNorm(x, [new(x, gate)], y, Norm.None, default));
        refused("ResidualNorm: scale [3, 4] and shift [3, 4] do not match output [2, 3, 4]", () => bench.Device.ResidualNorm(x, [], default, Norm.Modulated(gate, gate, 0), y));
        refused("ResidualNorm: xIn [5, 4] does not match output [2, 3, 4]", () => bench.Device.ResidualNorm(bench.Take(5, 4), [], y, Norm.None, default));
        refused("ResidualNorm: y goes with a norm", () => bench.Device.ResidualNorm(x, [], x, Norm.None, y));
        refused("ResidualNorm: neither", () => bench.Device.ResidualNorm(x, [], default, Norm.None, default));
    }

    private static void ResidualBranches(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3, 4), y = bench.Take(2, 3, 4), gate = bench.Take(2, 4), other = bench.Take(2, 4), two = bench.Take(2);
        Refuse("ResidualNorm: the first term has no branch to join", new ResidualTerm(x, Joins: true));
        Refuse("ResidualNorm: a term that joins a branch has its gate or none", new(x, gate), new(x, other, Joins: true));
        Refuse("ResidualNorm: a term that joins a branch has its gate or none", new(x), new(x, gate, Joins: true));
        Refuse("ResidualNorm: a branch has at most 6 terms", [new(x), .. Enumerable.Repeat(new ResidualTerm(x, Joins: true), 6)]);
        Refuse("ResidualNorm: weight NaN is not finite", new ResidualTerm(x, Weight: float.NaN));
        Refuse("ResidualNorm: scalar [2] F32 must be [1] F32", new ResidualTerm(x, Scalar: two));
        Refuse("ResidualNorm: scalar [1] I32 must be [1] F32", new ResidualTerm(x, Scalar: bench.Put([1])));

        void Refuse(string message, params ResidualTerm[] terms) =>
            refused(message, () => bench.Device.ResidualNorm(x, terms, y, Norm.None, default));
    }

    private static void Convert(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 3, 4);
        refused("Convert: y [2, 3, 5] does not match x [2, 3, 4]", () => bench.Device.Convert(x, bench.TakeConverted(2, 3, 5)));
        refused("Convert: from F32 to F32", () => bench.Device.Convert(x, bench.Take(2, 3, 4)));
    }

    private static void ConvertOfHalves(Bench bench, Refused refused) =>
        refused("Convert: from F16 to BF16 on a device that stores F16", () => bench.Device.Convert(bench.Take(2, 3, 4), bench.TakeConverted(2, 3, 4)));

    private static void Patches(Bench bench, Refused refused)
    {
        Tensor image = bench.Take(2, 4, 6, 6), patches = bench.Take(2, 9, 16);
        refused("Patchify: patch size 4 does not divide image [2, 4, 6, 6]", () => bench.Device.Patchify(image, patches, 4));
        refused("Patchify: patches [2, 9, 16] do not match image [2, 4, 6, 6]", () => bench.Device.Patchify(image, patches, 3));
        refused("Patchify: rows of patches [3, 9, 16] are not a multiple", () => bench.Device.Patchify(image, bench.Take(3, 9, 16), 2));
        refused("Unpatchify: rows of tokens [4, 9, 16] are not the images", () => bench.Device.Unpatchify(bench.Take(4, 9, 16), image, 2));
        refused(
            "Patchify: patches [2, 9, 16] do not match image [2, 4, 6, 6] with patch size 2 and 2 leading tokens",
            () => bench.Device.Patchify(image, patches, 2, leadingTokens: 2));
        refused("Unpatchify: -1 leading tokens", () => bench.Device.Unpatchify(patches, image, 2, leadingTokens: -1));
        refused("SliceToken: [9, 16] must be [B,T,C]", () => patches.SliceRows(0, 9).SliceToken(0));
        Tensor more = bench.Take(4, 9, 16);
        refused("UnpatchifyBackward: rows of dTokens [4, 9, 16] are not the images", () => bench.Device.UnpatchifyBackward(image, more, 2));
    }

    private static void ImageConvolution(Bench bench, Refused refused)
    {
        Tensor x = bench.TakeState(2, 4, 5, 6), y = bench.TakeState(2, 3, 5, 6), weight = bench.Take(3, 4, 3, 3);
        Refuse("x [2, 4, 30] and y [2, 3, 5, 6] must be [B,C,H,W] and [B,O,H,W]", x.Reshape(2, 4, 30), weight, default, y);
        Refuse("weight [3, 4, 9] must be [O,C,3,3]", x, weight.Reshape(3, 4, 9), default, y);
        Refuse("weight [4, 9, 3, 1] must be [O,C,3,3]", x, weight.Reshape(4, 9, 3, 1), default, y);
        Refuse("x [2, 4, 5, 6] does not match y [2, 3, 6, 5] (B, H and W", x, weight, default, y.Reshape(2, 3, 6, 5));
        Refuse("weight [4, 3, 3, 3] does not match x [2, 4, 5, 6] and y [2, 3, 5, 6]", x, weight.Reshape(4, 3, 3, 3), default, y);
        Refuse("bias [2] does not match y [2, 3, 5, 6]", x, weight, bench.Take(2), y);
        refused(
            "ImageConvolutionBackward: dx [2, 4, 5, 6] does not match dy [2, 3, 6, 5]",
            () => bench.Device.ImageConvolutionBackward(y.Reshape(2, 3, 6, 5), weight, x));

        void Refuse(string start, Tensor from, Tensor by, Tensor offset, Tensor to) =>
            refused("ImageConvolution: " + start, () => bench.Device.ImageConvolution(from, by, offset, to));
    }

    private static void Conditioning(Bench bench, Refused refused)
    {
        Tensor time = bench.Take(2, 4), table = bench.Take(3, 4), silu = bench.Take(6, 4), labels = bench.Put([0, 1, 2]);
        refused("Conditioning: labels [2, 4] F32 must be [B] I32", () => bench.Device.Conditioning(time, table, time, default, silu));
        refused("Conditioning: time [2, 4], table [3, 4] and silu [6, 5]", () => bench.Device.Conditioning(time, table, labels, default, bench.Take(6, 5)));
        refused("Conditioning: rows of silu [5, 4] are not a multiple", () => bench.Device.Conditioning(time, table, labels, default, bench.Take(5, 4)));
        refused("Conditioning: c [3, 4] does not match silu [6, 4]", () => bench.Device.Conditioning(time, table, labels, table, silu));
    }

    private static void GatherRows(Bench bench, Refused refused)
    {
        Tensor source = bench.Take(2, 4), destination = bench.Take(3, 4), rows = bench.Put([0, 1, 2]);
        refused(
            "GatherRows: rows [1] do not match destination [3, 4] (R must agree)", () => bench.Device.GatherRows(source, bench.Put([0]), destination));
        refused(
            "GatherRows: source [2, 4] does not match destination [3, 5] (C must agree)",
            () => bench.Device.GatherRows(source, rows, bench.Take(3, 5)));
        refused("GatherRows: rows [2, 4] F32 must be [R] I32", () => bench.Device.GatherRows(source, source, destination));
    }

    private static void SamplerUpdate(Bench bench, Refused refused)
    {
        Tensor x = bench.Take(2, 4, 3, 3), output = bench.Take(2, 4, 3, 3), scale = bench.Take(1), other = bench.Take(2, 4, 3, 4);
        SamplerPrediction learned = new() { LearnedVariance = true };
        LinearUpdate noisy = new(SamplerState.X) { Noise = 1 };
        Refuse("output [2, 4, 3, 3] does not match X [2, 4, 3, 3] (B is N, or 2N", output, scale, 3, default, new(x));
        Refuse("output [2, 4, 3, 3] has no variance channels", output, default, 0, learned, new(x));
        Refuse("5 guided channels of 4", output, default, 5, default, new(x));
        Refuse("noise [] does not match X", output, default, 0, default, new(x), noisy);
        Refuse("output [2, 4, 3, 4] does not match X", other, default, 0, default, new(x));
        Refuse("U [] and output", output, default, 0, new() { Input = SamplerState.U }, new(x));
        Refuse("a network reads X or U, not H1", output, default, 0, new() { Input = SamplerState.H1 }, new(x, H1: x));
        Refuse("H2 [2, 4, 3, 4] is read, but is not [2, 4, 3, 3]", output, default, 0, default, new(x, H2: other), new LinearUpdate(SamplerState.X) { H2 = 1 });
        Refuse("U [] is set, but is not [2, 4, 3, 3]", output, default, 0, default, new(x), new LinearUpdate(SamplerState.U) { X = 1 });
        Refuse("X is set twice", output, default, 0, default, new(x), new LinearUpdate(SamplerState.X), new LinearUpdate(SamplerState.X));
        Refuse("5 updates", output, default, 0, default, new(x), new LinearUpdate[5]);

        void Refuse(string start, Tensor from, Tensor by, int guided, SamplerPrediction prediction, SamplerTensors states, params LinearUpdate[] updates) =>
            refused("SamplerUpdate: " + start, () => bench.Device.SamplerUpdate(from, by, guided, prediction, states, default, updates));
    }

    private static void WideHeadsOnCuda(Bench bench, Refused refused)
    {
        Tensor qkv = bench.Take(1, 1, 3 * 257), y = bench.Take(1, 1, 257);
        refused("AttentionBackward: heads of 257 (at most 256)", () => bench.Device.AttentionBackward(qkv, y, qkv, 1));
    }

    private static void OverwrittenSources(Bench bench, Refused refused)
    {
        Tensor x = bench.Put(new float[8], 1, 1, 8), y = bench.Put(new float[8], 1, 1, 8);
        ResidualTerm[] plain = [new(x), new(x), new(x), new(x), new(y)];
        ResidualTerm[] weighted = [.. Enumerable.Repeat(new ResidualTerm(x), 5), new(x, Weight: 2), new(y, Joins: true)];
        var norm = Norm.Affine(bench.Put(new float[8], 8), bench.Put(new float[8], 8), 0);
        const string After = " is the output [1, 1, 8], which the first branches have overwritten by then";
        refused("ResidualNorm: source 4" + After, () => bench.Device.ResidualNorm(x, plain, y, Norm.None, default));
        refused("ResidualNorm: source 6" + After, () => bench.Device.ResidualNorm(x, weighted, y, Norm.None, default));
        refused("ResidualNorm: source 4" + After, () => bench.Device.ResidualNorm(x, plain, default, norm, y));
    }
}
