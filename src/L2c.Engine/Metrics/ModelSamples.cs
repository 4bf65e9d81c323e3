using System.Globalization;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Cli.Sampling;
using L2c.Kernels;
using L2c.Model.Dit;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Evaluation;

/// <summary>A loaded model and what was asked of it: samples runs of it, all from the same noise and of the same classes.</summary>
internal sealed class ModelSamples : IDisposable
{
    private readonly TensorFile _file;
    private readonly Device _device;
    private readonly Terminal _terminal;

    /// <summary>Opens the checkpoint and the device.</summary>
    /// <param name="request">What was asked for; where it names no classes, images are of all classes in turn.</param>
    /// <param name="terminal">For remarks, progress and cancellation.</param>
    /// <exception cref="UsageException">Options do not fit each other or the model, or the model makes latents.</exception>
    /// <exception cref="MalformedFileException">A file is damaged.</exception>
    public ModelSamples(SampleRequest request, Terminal terminal)
    {
        _terminal = terminal;
        _file = TensorFiles.Open(request.CheckpointPath);
        try
        {
            Checkpoint = CheckpointOptions.Resolve(_file, request.Hints);
            Architecture = Checkpoint.Require<DitArchitecture>();
            if (!Architecture.PixelSpace)
            {
                throw new UsageException(
                    $"{Architecture.Name} makes latents, and distances are between pixels; decode its samples and give them as a file or a folder");
            }

            string uniform = string.Join(
                ',', Enumerable.Range(0, Architecture.NumClasses).Select(label => label.ToString(CultureInfo.InvariantCulture)));
            Request = request with { Classes = request.Classes ?? uniform, Separate = true };
            Job = new SampleJob(Request, Architecture);
            Job.Cache?.PrintRemark(terminal);
            _device = request.Device.Open(terminal);
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        try
        {
            Model = DitModel.Load(Architecture, Checkpoint.Read, _device);
        }
        catch
        {
            _device.Dispose();
            _file.Dispose();
            throw;
        }
    }

    /// <summary>What was asked for, with its classes.</summary>
    public SampleRequest Request { get; }

    /// <summary>That as a job.</summary>
    public SampleJob Job { get; }

    /// <summary>The network.</summary>
    public DitArchitecture Architecture { get; }

    /// <summary>The file that holds it.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The loaded weights.</summary>
    public DitModel Model { get; }

    /// <summary>Samples a job of this model: [N, C, H, W].</summary>
    /// <exception cref="OperationCanceledException">The user stopped it.</exception>
    public float[] Sample(SampleJob job) => SampleRun.Execute(job, job.Schedule, keepStates: false, Model, _terminal).Samples;

    /// <summary>Fails unless data are as large as the samples.</summary>
    /// <exception cref="UsageException">They are not.</exception>
    public void RequireSizeOf(IImageSet data)
    {
        (int channels, int size) = (Architecture.InChannels, Architecture.InputSize);
        if ((data.Channels, data.Height, data.Width) != (channels, size, size))
        {
            throw new UsageException(
                $"{Architecture.Name} makes {channels} x {size} x {size}, "
                + $"but {data.Name} has images of {data.Channels} x {data.Height} x {data.Width}; compare with data of that size");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Model.Dispose();
        _device.Dispose();
        _file.Dispose();
    }
}
