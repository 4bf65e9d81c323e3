using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>States for router training without data: noise that the teacher denoises to where the draw begins, with the sampler that the router is for and
/// no guidance.</summary>
/// <remarks>Costs as many evaluations more per draw as come before it, about half of the sampler's in the mean.</remarks>
internal sealed class ImageFreeSource : INoiseSource, IDisposable
{
    private readonly SamplingRun _run;
    private readonly TrainingDraws _draws;
    private readonly DrawTable _table;
    private readonly float[] _start;
    private readonly int[] _labels;

    /// <param name="model">The teacher; it must outlive this.</param>
    /// <param name="table">The draws.</param>
    /// <param name="draws">Everything random.</param>
    /// <param name="batch">Images per draw.</param>
    public ImageFreeSource(Network model, DrawTable table, TrainingDraws draws, int batch)
    {
        _run = SamplingRun.Plan(model, table.Sampler, batch, new SamplingOptions { Guidance = Guidance.None });
        (_table, _draws, _start, _labels) = (table, draws, new float[_run.StateShape.Count], new int[batch]);
    }

    /// <summary>Classes of the images, those that were dropped being the null class.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>Memory of the run, weights left out.</summary>
    public long RunBytes => _run.RunBytes;

    /// <summary>Makes the x that a draw begins with.</summary>
    /// <param name="step">Optimisation step, from 0.</param>
    /// <param name="draw">Draw of the step.</param>
    /// <param name="t">What was drawn.</param>
    /// <param name="noised">Receives [B,C,H,W].</param>
    public void Denoise(int step, int draw, int t, Span<float> noised)
    {
        TransformerArchitecture architecture = _run.Model.Architecture;
        int perImage = _start.Length / _labels.Length;
        for (int image = 0; image < _labels.Length; image++)
        {
            _draws.StartNoise(step, draw, image, _start.AsSpan(image * perImage, perImage));
        }

        _draws.Labels(step, draw, architecture.NumClasses, _labels);
        if (architecture.HasNullClass)
        {
            _draws.DropLabels(step, draw, architecture.NullLabel, _labels);
        }

        _run.Run(_labels, 1, this, evaluations: _table.Begin(t));
        _run.ReadState(noised);
    }

    /// <inheritdoc/>
    public void Fill(int draw, int imageCount, int elementsPerImage, Span<float> destination) => _start.CopyTo(destination);

    /// <summary>Frees the run.</summary>
    public void Dispose() => _run.Dispose();
}
