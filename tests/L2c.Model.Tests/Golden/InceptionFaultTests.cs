using L2c.Kernels;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>The mistakes that copies of the FID Inception network are known for: the recorded features must reject each.</summary>
public sealed class InceptionFaultTests
{
    private const string File = "inception_features.safetensors";

    public static TheoryData<InceptionFault> Faults => [.. Enum.GetValues<InceptionFault>()];

    [Theory]
    [MemberData(nameof(Faults))]
    public void Planted_fault_is_rejected(InceptionFault fault)
    {
        GoldenCase? golden = GoldenManifest.Cases.FirstOrDefault(c => c.File == File);
        Assert.SkipUnless(golden is not null && GoldenRunner.MissingFile(golden) is null, $"{File} is not there");
        using CpuDevice device = fault switch
        {
            InceptionFault.PaddingCounted => new PaddingCountingDevice(),
            InceptionFault.AverageInTheLastBlock => new AveragingDevice(),
            InceptionFault.BeforeRelu => new ReluDroppingDevice(),
            _ => new CpuDevice(),
        };
        GoldenResult result = InceptionGolden.RunFirst(golden!, device, fault);
        string[] failed = [.. result.Comparisons.Where(c => !c.Passed).Select(c => c.Tensor)];
        string wrong = fault switch
        {
            InceptionFault.None => "",
            InceptionFault.BeforeRelu or InceptionFault.AnotherBlock or InceptionFault.ChannelsFirst => "adm.spatial",
            _ => "adm.pool",
        };
        Assert.True(fault == InceptionFault.None ? failed.Length == 0 : failed.Contains(wrong), result.Describe());
    }
}
