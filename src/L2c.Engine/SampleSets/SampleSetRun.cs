using L2c.Model.Autoencoder;
using L2c.Model.Runs;

namespace L2c;

/// <summary>Makes the chunks of a set that are missing.</summary>
internal sealed class SampleSetRun : IDisposable
{
    private readonly SampleJob _job;
    private readonly LoadedModel _model;
    private readonly SampleSetFolder _folder;
    private readonly TaskContext _context;
    private readonly AutoencoderModel? _autoencoder;
    private readonly ImageDecoder? _decoder;
    private readonly float[] _samples;
    private readonly byte[] _pixels;
    private readonly int[] _labels;
    private SamplingRun? _run;

    /// <summary>Makes room.</summary>
    /// <param name="job">What is sampled.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="folder">Where chunks go.</param>
    /// <param name="context">For progress and cancellation.</param>
    public SampleSetRun(SampleJob job, LoadedModel model, SampleSetFolder folder, TaskContext context)
    {
        (_job, _model, _folder, _context) = (job, model, folder, context);
        _autoencoder = job.Decoding?.Load(model.Device);
        _decoder = job.Decoding?.Plan(_autoencoder!);
        _samples = new float[job.Kept * job.ElementsPerImage];
        _pixels = new byte[job.Kept * folder.Settings.ImageBytes];
        _labels = new int[job.Batch];
    }

    private int StepsPerBatch => _job.Options.OneSequence ? 1 : _job.Sampler.Evaluations.Count;

    /// <summary>Makes chunks, each of which is on the disk before the next one begins.</summary>
    /// <param name="chunks">All that this process makes; those that are there are left as they are.</param>
    /// <exception cref="IOException">A sample is not finite, or a chunk cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled; the chunks that are done stay.</exception>
    public void Run(IReadOnlyList<int> chunks)
    {
        long total = chunks.Sum(Steps), done = chunks.Where(_folder.Has).Sum(Steps);
        long images = chunks.Sum(chunk => (long)SampleChunks.Of(chunk, _job.Count).Count);
        Action step = _context.Begin($"{images} images", (int)Math.Min(total, int.MaxValue), (int)Math.Min(done, int.MaxValue));
        foreach (int chunk in chunks.Where(chunk => !_folder.Has(chunk)))
        {
            Make(chunk, step);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _run?.Dispose();
        _decoder?.Dispose();
        _autoencoder?.Dispose();
    }

    private long Steps(int chunk) => (long)((SampleChunks.Of(chunk, _job.Count).Count + _job.Batch - 1) / _job.Batch) * StepsPerBatch;

    private void Make(int chunk, Action step)
    {
        (int first, int count) = SampleChunks.Of(chunk, _job.Count);
        for (int done = 0; done < count; done += _job.Batch)
        {
            RunBatch(first + done, Math.Min(_job.Batch, count - done), _samples.AsSpan(done * _job.ElementsPerImage), step);
        }

        Span<float> samples = _samples.AsSpan(0, count * _job.ElementsPerImage);
        int bad = samples.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue);
        if (bad >= 0)
        {
            int image = first + (bad / _job.ElementsPerImage);
            throw new IOException($"image {image} has values that are not finite, so it is not a picture; check the checkpoint");
        }

        // A bar of its own for each chunk would say little.
        IReadOnlyList<RgbImage> pictures = _job.Decoding is { } decoding
            ? decoding.Decode(_decoder!, [.. samples], null, _context with { Progress = null }).Images
            : [.. Enumerable.Range(0, count).Select(i => _job.Picture(_samples, i))];
        for (int i = 0; i < count; i++)
        {
            pictures[i].Pixels.CopyTo(_pixels, i * _folder.Settings.ImageBytes);
        }

        _folder.Write(chunk, _pixels);
    }

    private void RunBatch(int first, int images, Span<float> samples, Action step)
    {
        if (_run?.Images != images)
        {
            _run?.Dispose();
            _run = _job.Plan(_model, _job.Schedule, images);
        }

        for (int i = 0; i < images; i++)
        {
            _labels[i] = _job.Classes.Of(first + i);
        }

        // Nothing can be told of the evaluations of a run of one sequence.
        bool tells = !_run.Options.OneSequence;
        _run.Run(_labels.AsSpan(0, images), (float)_job.CfgScale, _job.Noise(first), tells ? AfterEvaluation : null, cancel: _context.Cancel);
        if (!tells)
        {
            step();
        }

        _run.ReadState(samples[..(images * _job.ElementsPerImage)]);

        void AfterEvaluation(int evaluation)
        {
            _run.Model.Device.Synchronize();
            step();
        }
    }
}
