using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Networks.Dit;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "sample": a whole uncached run, compared after every evaluation.</summary>
internal static class DitSampleGolden
{
    public static GoldenResult Run(GoldenCase golden, Device device, GoldenFault fault = GoldenFault.None)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        DitArchitecture architecture = DitGolden.Architecture(golden);
        using DitModel model = DitGolden.Load(golden, device, fault == GoldenFault.NullClassOffByOne ? (name, v) => GoldenNetwork.ShiftNullRow(architecture, name, v) : null);
        SamplerTable sampler = SamplerOf(golden, architecture, fault);
        float? scale = GuidanceScale(golden);
        int[] labels = recorded.Ints("y");
        int images = scale is null ? labels.Length : labels.Length / 2;
        var options = new SamplingOptions
        {
            Guidance = fault == GoldenFault.GuidanceOnAllChannels ? Guidance.AllChannels : GuidanceOf(golden, scale),
            ClipDenoised = golden.Case.GetProperty("clip_denoised").GetBoolean(),
            KeepPredictions = true,
        };

        result.CompareExactly<long>("t_index", [.. sampler.Evaluations.Select(s => (long)s.RouterRow)], recorded.Longs("t_index"));
        result.CompareExactly<long>("t_model", [.. sampler.Evaluations.Select(s => (long)s.Time)], recorded.Longs("t_model"));
        if (scale is not null)
        {
            result.CompareExactly<int>("y (null rows)", [.. Enumerable.Repeat(architecture.NullLabel, images)], labels.AsSpan(images));
        }

        using SamplingRun run = SamplingRun.Plan(model, sampler, images, options);
        var compared = new StepComparison(result, recorded, run);
        run.Run(labels.AsSpan(0, images), scale ?? 1, new RecordedNoise(recorded), compared.AfterEvaluation);
        return result;
    }

    /// <summary>Whether a fault changes anything in this case, so that the case must reject it.</summary>
    public static bool Sees(GoldenCase golden, GoldenFault fault)
    {
        bool guided = golden.Case.GetProperty("cfg_scale") is { ValueKind: JsonValueKind.Number } scale && scale.GetDouble() != 1;
        int steps = golden.Case.GetProperty("steps").GetInt32();
        return fault switch
        {
            GoldenFault.GateDropped => true,
            GoldenFault.GuidanceOnAllChannels => guided && golden.Config.GetProperty("in_channels").GetInt32() > 3,
            GoldenFault.SpacingHalfUp => !Respacing.Select(steps).SequenceEqual(Respacing.Select(steps, MidpointRounding.AwayFromZero)),
            GoldenFault.LearnedVarianceIgnored => golden.Case.GetProperty("sampler").GetString() == "ddpm" && golden.Config.GetProperty("learn_sigma").GetBoolean(),
            GoldenFault.NullClassOffByOne => guided,
            _ => false,
        };
    }

    /// <summary>s, or null without guidance.</summary>
    public static float? GuidanceScale(GoldenCase golden) =>
        golden.Case.GetProperty("cfg_scale") is { ValueKind: JsonValueKind.Number } number ? number.GetSingle() : null;

    public static SamplerTable SamplerOf(GoldenCase golden, DitArchitecture architecture, GoldenFault fault = GoldenFault.None)
    {
        MidpointRounding rounding = fault == GoldenFault.SpacingHalfUp ? MidpointRounding.AwayFromZero : MidpointRounding.ToEven;
        NoiseSchedule schedule = NoiseSchedule.Linear.Respace(Respacing.Select(golden.Case.GetProperty("steps").GetInt32(), rounding));
        return golden.Case.GetProperty("sampler").GetString() switch
        {
            "ddim" => Ddim.Table(schedule, golden.Case.GetProperty("eta").GetDouble()),
            "ddpm" => Ddpm.Table(schedule, architecture.LearnSigma && fault != GoldenFault.LearnedVarianceIgnored),
            string other => throw new NotSupportedException($"{golden.File}: sampler {other}"),
            null => throw new NotSupportedException($"{golden.File}: no sampler"),
        };
    }

    public static Guidance GuidanceOf(GoldenCase golden, float? scale) => (scale, golden.Case.GetProperty("guidance").GetString()) switch
    {
        (null, _) => Guidance.None,
        (_, { } text) when text.StartsWith("first 3 channels", StringComparison.Ordinal) => Guidance.Published,
        (_, { } text) when text.Contains("all channels", StringComparison.Ordinal) => Guidance.AllChannels,
        (_, var text) => throw new NotSupportedException($"{golden.File}: guidance {text}"),
    };

    /// <summary>x_T and the per-step draws of the recording; its second half (dead state with guidance) is left out.</summary>
    internal sealed class RecordedNoise(GoldenTensors recorded) : INoiseSource
    {
        public void Fill(int draw, int imageCount, int elementsPerImage, Span<float> destination)
        {
            int count = imageCount * elementsPerImage;
            if (draw == 0)
            {
                recorded.Floats("x_T").AsSpan(0, count).CopyTo(destination);
                return;
            }

            int rowsPerDraw = (int)recorded.Shape("noise")[1];
            recorded.Floats("noise").AsSpan((draw - 1) * rowsPerDraw * elementsPerImage, count).CopyTo(destination);
        }
    }

    /// <summary>Compares state, predicted x0 and guided output with one step of the recording; <paramref name="except"/> are compared elsewhere.</summary>
    internal sealed class StepComparison(GoldenResult result, GoldenTensors recorded, SamplingRun run, params string[] except)
    {
        private readonly Dictionary<string, double[]> _recorded = result.Golden.Case.GetProperty("bounds").EnumerateObject()
            .Where(b => !except.Contains(b.Name))
            .ToDictionary(b => b.Name, b => recorded.Doubles(b.Name));

        public void AfterEvaluation(int evaluation)
        {
            foreach ((string name, double[] steps) in _recorded)
            {
                long[] shape = recorded.Shape(name);
                int rowLength = (int)(shape[2] * shape[3] * shape[4]);
                (int first, int end) = result.Golden.Rows(name) ?? (0, (int)shape[1]);
                ReadOnlySpan<double> expected = steps.AsSpan(((evaluation * (int)shape[1]) + first) * rowLength, (end - first) * rowLength);
                result.Compare(name, Actual(name).AsSpan(first * rowLength, (end - first) * rowLength), expected, evaluation);
            }
        }

        private float[] Actual(string name)
        {
            float[] state = new float[run.StateShape.Count];
            switch (name)
            {
                case "x_steps":
                    run.ReadState(state);
                    return state;
                case "pred_xstart":
                    run.ReadPredictedX0(state);
                    return state;
                case "model_out":
                    float[] output = new float[recorded.Shape(name).Skip(1).Aggregate(1L, (a, b) => a * b)];
                    run.ReadGuidedOutput(output);
                    return output;
                default:
                    throw new NotSupportedException($"{result.Golden.File}: no rule for {name}");
            }
        }
    }
}
