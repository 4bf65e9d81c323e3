using System.Diagnostics;
using System.Runtime.Intrinsics;
using L2c.Model.Randomness;

namespace L2c.Model.Tests.Randomness;

public class PortableMathTests
{
    private const float UniformUnit = 1f / (1 << 24);

    [Fact]
    public void Logarithm_is_within_one_ulp_over_the_uniforms()
    {
        double worstUlp = WorstOverUniforms(u => PortableMath.Log(Vector256<float>.One - u), (u, actual) =>
        {
            double exact = Math.Log(1f - u);
            float rounded = MathF.Abs((float)exact);
            return Math.Abs(actual - exact) / (MathF.BitIncrement(rounded) - (double)rounded);
        });
        Assert.InRange(worstUlp, 0.5, 1); // below 0.5 would mean that nothing was measured
    }

    [Fact]
    public void Sine_and_cosine_are_within_8e_8_over_the_angles()
    {
        float twoPi = 2f * MathF.PI;
        double worstSin = WorstOverUniforms(u => PortableMath.SinCos(u * twoPi).Sin, (u, actual) => Math.Abs(actual - Math.Sin(u * twoPi)));
        double worstCos = WorstOverUniforms(u => PortableMath.SinCos(u * twoPi).Cos, (u, actual) => Math.Abs(actual - Math.Cos(u * twoPi)));
        Assert.InRange(worstSin, 2e-8, 8e-8);
        Assert.InRange(worstCos, 2e-8, 8e-8);
    }

    [Fact]
    public void Box_Muller_is_within_3e_6_of_exact_arithmetic()
    {
        uint[] words = new uint[4];
        float[] uniforms = new float[BoxMuller.BlockLength];
        double worst = 0;
        for (uint block = 0; block < 20_000; block++)
        {
            for (uint k = 0; k < 4; k++)
            {
                Philox4x32.Block(11, block, k, 0, 0, words);
                words.Select(word => (word >> 8) * UniformUnit).ToArray().CopyTo(uniforms, 4 * k);
            }

            float[] normals = [.. uniforms];
            BoxMuller.Transform(normals);
            for (int j = 0; j < 8; j++)
            {
                double radius = Math.Sqrt(-2 * Math.Log(1 - (double)uniforms[j]));
                double angle = 2 * Math.PI * uniforms[j + 8];
                worst = Math.Max(worst, Math.Abs(normals[j] - (radius * Math.Cos(angle))));
                worst = Math.Max(worst, Math.Abs(normals[j + 8] - (radius * Math.Sin(angle))));
            }
        }

        Assert.InRange(worst, 1e-8, 3e-6);
    }

    [Fact]
    public void The_largest_radius_is_finite_and_the_smallest_is_zero()
    {
        float[] block = new float[BoxMuller.BlockLength];
        block[0] = 1 - UniformUnit;
        BoxMuller.Transform(block);
        Assert.Equal(Math.Sqrt(48 * Math.Log(2)), block[0], 1e-6);
        Assert.Equal(0, block[1]);
    }

    /// <summary>Runs the bit-exact tests once more in a process whose vector and FMA instructions are switched off.</summary>
    [Fact]
    public async Task Noise_has_the_same_bits_without_vector_or_fma_instructions()
    {
        string program = Environment.ProcessPath!;
        List<string> arguments = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(TorchGeneratorTests).Assembly.Location] : [];
        arguments.AddRange(["--no-ansi", "--no-progress", "--filter-class", typeof(TorchGeneratorTests).FullName!, typeof(CounterNoiseTests).FullName!]);
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_EnableHWIntrinsic"] = "0";

        using Process process = Process.Start(start)!;
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        Assert.True(process.ExitCode == 0, await output + await errors);
        Assert.Matches(@"succeeded: [1-9]\d+", await output); // the filter must have found tests
    }

    /// <summary>The largest error over every 16th uniform of 24 bits.</summary>
    private static double WorstOverUniforms(Func<Vector256<float>, Vector256<float>> function, Func<float, float, double> error)
    {
        double worst = 0;
        float[] uniforms = new float[Vector256<float>.Count];
        for (int first = 0; first < 1 << 24; first += 16 * uniforms.Length)
        {
            for (int lane = 0; lane < uniforms.Length; lane++)
            {
                uniforms[lane] = (first + (16 * lane) + (first >> 7 & 15)) * UniformUnit;
            }

            Vector256<float> actual = function(Vector256.Create(uniforms));
            for (int lane = 0; lane < uniforms.Length; lane++)
            {
                worst = Math.Max(worst, error(uniforms[lane], actual[lane]));
            }
        }

        return worst;
    }
}
