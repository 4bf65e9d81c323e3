using L2c.Kernels;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>The recorded data must reject each fault, in every case that can see it: bounds that let one through would be no bounds.</summary>
public sealed class PlantedFaultTests
{
    private static readonly GoldenFault[] _ofCalibration =
        [GoldenFault.ErrorsAddedUp, GoldenFault.DividedByTheEarlier, GoldenFault.DistanceOne];

    public static TheoryData<GoldenFault, string> Cases
    {
        get
        {
            var cases = new TheoryData<GoldenFault, string>();
            foreach (GoldenCase golden in Dit("forward"))
            {
                cases.Add(GoldenFault.GateDropped, golden.File);
            }

            foreach (GoldenCase golden in Of("uvit", "forward"))
            {
                cases.Add(GoldenFault.SkipsInWrongOrder, golden.File);
                cases.Add(GoldenFault.TokenRowsLeftIn, golden.File);
            }

            foreach (GoldenFault fault in Enum.GetValues<GoldenFault>().Where(f => f is not (GoldenFault.None or GoldenFault.GateDropped)))
            {
                foreach (GoldenCase golden in Dit("sample").Where(c => DitSampleGolden.Sees(c, fault)))
                {
                    cases.Add(fault, golden.File);
                }

                foreach (GoldenCase golden in Dit("forecast_sample").Where(c => DitForecastGolden.Sees(c, fault)))
                {
                    cases.Add(fault, golden.File);
                }

                foreach (GoldenCase golden in Dit("router_training").Where(c => DitTrainingGolden.Sees(c, fault)))
                {
                    cases.Add(fault, golden.File);
                }

                foreach (GoldenCase golden in Of("uvit", "sample").Concat(Of("uvit", "cached_sample")).Where(c => UVitSampleGolden.Sees(c, fault)))
                {
                    cases.Add(fault, golden.File);
                }

                foreach (GoldenCase golden in Of("uvit", "router_training").Where(c => UVitTrainingGolden.Sees(c, fault)))
                {
                    cases.Add(fault, golden.File);
                }
            }

            foreach (GoldenCase golden in Dit("smoothcache_calibration"))
            {
                Array.ForEach(_ofCalibration, fault => cases.Add(fault, golden.File));
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Planted_fault_is_rejected(GoldenFault fault, string file)
    {
        GoldenCase golden = GoldenManifest.Find(file);
        Assert.SkipUnless(File.Exists(Path.Combine(golden.Folder, file)), $"{file} is not there");
        using CpuDevice device = fault switch
        {
            GoldenFault.GateDropped => new GateDroppingDevice(),
            GoldenFault.GateTwice => new GateDoublingDevice(),
            GoldenFault.CachedAndFreshSwapped => new ScalarSwappingDevice(),
            GoldenFault.SkipsInWrongOrder => new SkipReversingDevice(),
            GoldenFault.TokenRowsLeftIn => new TokenDecodingDevice(),
            _ => new CpuDevice(),
        };
        GoldenResult result = (golden.Family, golden.Kind) switch
        {
            ("uvit", "forward") => UVitForwardGolden.Run(golden, device),
            ("uvit", "router_training") => UVitTrainingGolden.Run(golden, device, fault),
            ("uvit", _) => UVitSampleGolden.Run(golden, device, fault),
            (_, "forward") => DitForwardGolden.Run(golden, device),
            (_, "forecast_sample") => DitForecastGolden.Run(golden, device, fault),
            (_, "router_training") => DitTrainingGolden.Run(golden, device, fault),
            (_, "smoothcache_calibration") => SmoothCacheCalibrationGolden.Run(golden, device, fault),
            _ => DitSampleGolden.Run(golden, device, fault),
        };
        Assert.Contains(result.Comparisons, c => !c.Passed);
    }

    [Fact]
    public void Every_fault_has_a_case_that_sees_it()
    {
        foreach (GoldenFault fault in Enum.GetValues<GoldenFault>().Where(f => f != GoldenFault.None))
        {
            Assert.Contains(Cases, row => row.Data.Item1 == fault);
        }
    }

    private static IEnumerable<GoldenCase> Dit(string kind) => Of("dit", kind);

    private static IEnumerable<GoldenCase> Of(string family, string kind) => GoldenManifest.Cases.Where(c => c.Family == family && c.Kind == kind);
}
