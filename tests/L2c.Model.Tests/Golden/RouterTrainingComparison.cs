using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Training;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>Runs recorded draws of router training and compares what they and the optimiser's steps after them give.</summary>
internal sealed class RouterTrainingComparison
{
    private readonly GoldenResult _result;
    private readonly GoldenTensors _recorded;
    private readonly RouterDraw _step;
    private readonly RouterObjective _objective;
    private readonly GoldenFault _fault;
    private readonly int[] _labels;
    private readonly float[] _x0, _noise, _noised, _weights;
    private readonly double[] _gradient;
    private readonly Dictionary<string, double[]> _expected;

    /// <param name="result">Receives the comparisons.</param>
    /// <param name="recorded">The recording.</param>
    /// <param name="step">Plans the draws.</param>
    /// <param name="fault">What to do wrong.</param>
    /// <param name="data">Name of the recorded data.</param>
    /// <param name="labels">[draws, B], those dropped to the null class included.</param>
    public RouterTrainingComparison(GoldenResult result, GoldenTensors recorded, RouterDraw step, GoldenFault fault, string data, int[] labels)
    {
        (_result, _recorded, _step, _fault, _labels) = (result, recorded, step, fault, labels);
        JsonElement its = result.Golden.Case;
        _objective = new RouterObjective(recorded.Floats("prob_init"), step.Branches)
        {
            Lambda = its.GetProperty("lambda").GetDouble() * (fault == GoldenFault.LambdaDoubled ? 2 : 1),
            LearningRate = its.GetProperty("lr").GetDouble(),
            Clamp = fault == GoldenFault.ClampMissing ? null : Number("clamp"),
            StraightThroughThreshold = Number("straight_through_threshold"),
        };
        (_x0, _noise) = (recorded.Floats(data), recorded.Floats("noise"));
        (_noised, _weights, _gradient) = (new float[step.StateShape.Count], new float[step.Branches], new double[step.Branches]);
        _expected = its.GetProperty("bounds").EnumerateObject().ToDictionary(b => b.Name, b => recorded.Doubles(b.Name));

        double? Number(string name) => its.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;
    }

    /// <summary>Runs a recorded draw.</summary>
    /// <param name="draw">Its place in the recording.</param>
    /// <param name="t">Which of the sampler's it is.</param>
    public void Run(int draw, int t)
    {
        int router = _step.Table.RouterRow(t);
        _step.Table.AddNoise(t, Row(_x0, draw), Row(_noise, draw), _noised);
        _objective.Weights(router, _weights);
        double loss = _step.Run(t, _noised, _labels.AsSpan(draw * _step.Batch, _step.Batch), _weights, _gradient);
        double penalty = _objective.Penalty(router);

        Compare("x_next", draw, Read(_step.StateShape, _step.ReadNext));
        Compare("out_teacher", draw, Read(_step.OutputShape, _step.ReadTeacher));
        Compare("out_student", draw, Read(_step.OutputShape, _step.ReadStudent));
        CompareLosses("data_loss", draw, loss, 0);
        Compare("l1_loss", draw, [penalty]);
        CompareLosses("loss", draw, loss, _objective.Lambda * penalty);
        _objective.Accumulate(router, _gradient);
    }

    /// <summary>Takes the optimiser's step after some draws.</summary>
    /// <param name="index">Its place in the recording.</param>
    /// <param name="world">Draws of a step.</param>
    public void Step(int index, int world)
    {
        _result.CompareExactly<long>(
            $"grad_none[{index}]",
            [.. Enumerable.Range(0, _objective.Routers).Select(router => _objective.HasGradient(router) ? 0L : 1L)],
            _recorded.Longs("grad_none").AsSpan(index * _objective.Routers, _objective.Routers));
        Compare("grad", index, [.. _objective.Gradient.ToArray().Select(g => g / world)]);
        if (_fault == GoldenFault.IdleRoutersStepped)
        {
            double[] nothing = [.. Enumerable.Repeat(-_objective.Lambda, _objective.Branches)];
            foreach (int router in Enumerable.Range(0, _objective.Routers).Where(router => !_objective.HasGradient(router)))
            {
                _objective.Accumulate(router, nothing);
            }
        }

        _objective.Step(world);
        Compare("prob_after", index, Doubles(_objective.Logits));
        Compare("exp_avg", index, Doubles(_objective.FirstMoment));
        Compare("exp_avg_sq", index, Doubles(_objective.SecondMoment));
    }

    private static double[] Doubles(ReadOnlySpan<float> values) => Array.ConvertAll(values.ToArray(), v => (double)v);

    private static double[] Read(Shape shape, Reader read)
    {
        float[] values = new float[shape.Count];
        read(values);
        return Doubles(values);
    }

    private float[] Row(float[] values, int row) => values[(row * _noised.Length)..((row + 1) * _noised.Length)];

    /// <summary>One loss of the batch is recorded, or one per image.</summary>
    private void CompareLosses(string name, int draw, double mean, double penalty)
    {
        bool isPerImage = _recorded.Shape(name) is [_, var images] && images == _step.Batch;
        Compare(name, draw, isPerImage ? [.. _step.ImageLosses.ToArray().Select(loss => loss + penalty)] : [mean + penalty]);
    }

    private void Compare(string name, int row, double[] actual)
    {
        if (_expected.TryGetValue(name, out double[]? expected))
        {
            _result.Compare(name, actual, expected.AsSpan(row * actual.Length, actual.Length), row);
        }
    }

    private delegate void Reader(Span<float> destination);
}
