namespace L2c.Kernels.Tests;

/// <summary>What every op refuses, and by which words: the message says the op, and what does not fit.</summary>
public sealed partial class RefusalTests
{
    /// <summary>The table: on which devices, and what is refused there.</summary>
    private static readonly Dictionary<string, (string[] Devices, Action<Bench, Bench, Refused> Enumerate)> _table = new()
    {
        [nameof(Linear)] = (DeviceCases.OnePerKind, (bench, _, refused) => Linear(bench, refused)),
        [nameof(Attention)] = (DeviceCases.OnePerKind, (bench, _, refused) => Attention(bench, refused)),
        [nameof(ResidualNorm)] = (DeviceCases.OnePerKind, (bench, _, refused) => ResidualNorm(bench, refused)),
        [nameof(ResidualBranches)] = (DeviceCases.OnePerKind, (bench, _, refused) => ResidualBranches(bench, refused)),
        [nameof(Convert)] = (DeviceCases.OnePerKind, (bench, _, refused) => Convert(bench, refused)),
        [nameof(ConvertOfHalves)] = ([nameof(CudaPrecision.F16)], (bench, _, refused) => ConvertOfHalves(bench, refused)),
        [nameof(Patches)] = (DeviceCases.OnePerKind, (bench, _, refused) => Patches(bench, refused)),
        [nameof(ImageConvolution)] = (DeviceCases.OnePerKind, (bench, _, refused) => ImageConvolution(bench, refused)),
        [nameof(Convolution)] = (DeviceCases.OnePerKind, (bench, _, refused) => Convolution(bench, refused)),
        [nameof(ConvolutionOnTheCpu)] = ([nameof(InstructionSet.Portable)], ConvolutionOnTheCpu),
        [nameof(GroupNorm)] = (DeviceCases.OnePerKind, (bench, _, refused) => GroupNorm(bench, refused)),
        [nameof(Pooling)] = (DeviceCases.OnePerKind, (bench, _, refused) => Pooling(bench, refused)),
        [nameof(Upsample)] = (DeviceCases.OnePerKind, (bench, _, refused) => Upsample(bench, refused)),
        [nameof(Conditioning)] = (DeviceCases.OnePerKind, (bench, _, refused) => Conditioning(bench, refused)),
        [nameof(GatherRows)] = (DeviceCases.OnePerKind, (bench, _, refused) => GatherRows(bench, refused)),
        [nameof(SamplerUpdate)] = (DeviceCases.OnePerKind, (bench, _, refused) => SamplerUpdate(bench, refused)),
        [nameof(WideHeadsOnCuda)] = ([nameof(CudaPrecision.F32)], (bench, _, refused) => WideHeadsOnCuda(bench, refused)),
        [nameof(OverwrittenSources)] = (DeviceCases.OnePerKind, (bench, _, refused) => OverwrittenSources(bench, refused)),
        [nameof(GradientsOfLinear)] = (DeviceCases.OnePerKind, GradientsOfLinear),
        [nameof(AttentionBackward)] = (DeviceCases.OnePerKind, AttentionBackward),
        [nameof(ResidualTermBackward)] = (DeviceCases.OnePerKind, (bench, _, refused) => ResidualTermBackward(bench, refused)),
        [nameof(GradientsOfBranches)] = (DeviceCases.OnePerKind, (bench, _, refused) => GradientsOfBranches(bench, refused)),
        [nameof(NormBackward)] = (DeviceCases.OnePerKind, (bench, _, refused) => NormBackward(bench, refused)),
        [nameof(Activate)] = (DeviceCases.OnePerKind, (bench, _, refused) => Activate(bench, refused)),
        [nameof(Blend)] = (DeviceCases.OnePerKind, (bench, _, refused) => Blend(bench, refused)),
        [nameof(ConditioningBackward)] = (DeviceCases.OnePerKind, (bench, _, refused) => ConditioningBackward(bench, refused)),
        [nameof(SquaredError)] = (DeviceCases.OnePerKind, (bench, _, refused) => SquaredError(bench, refused)),
        [nameof(HybridLoss)] = (DeviceCases.OnePerKind, (bench, _, refused) => HybridLoss(bench, refused)),
        [nameof(AdamW)] = (DeviceCases.OnePerKind, (bench, _, refused) => AdamW(bench, refused)),
        [nameof(ClipNorm)] = (DeviceCases.OnePerKind, (bench, _, refused) => ClipNorm(bench, refused)),
        [nameof(MatricesOnCuda)] = ([nameof(CudaPrecision.BF16)], MatricesOnCuda),
    };

    public static TheoryData<string, string> Cases =>
        [.. _table.SelectMany(entry => DeviceCases.Of(entry.Value.Devices, [entry.Key]))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_does_not_fit_is_refused_by_name(string device, string what)
    {
        using Bench bench = Bench.Open(device), other = Bench.Open(device);
        int refusals = 0;
        _table[what].Enumerate(bench, other, (start, call) =>
        {
            Assert.StartsWith(start, Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
            refusals++;
        });
        Assert.NotEqual(0, refusals);
    }

    /// <summary>One row: how the message begins, and the call.</summary>
    private delegate void Refused(string start, Action call);
}
