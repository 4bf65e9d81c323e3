using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;
internal static class WeightsGolden { public static GoldenResult Run(GoldenCase golden) => new(golden); }
