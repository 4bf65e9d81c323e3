using L2c.Kernels;
using L2c.Model.Networks;

namespace L2c.Model.Autoencoder;

/// <summary>Enqueues a pass.</summary>
/// <param name="input">[B,C,H,W] F32.</param>
/// <param name="output">[B,C',H',W'] F32.</param>
/// <param name="memory">For what lies between.</param>
/// <param name="tap">Sees intermediate results, or null.</param>
internal delegate void PassForm(Tensor input, Tensor output, ReusedMemory memory, ForwardTap? tap);

/// <summary>A pass over a batch with all its memory: planned and recorded once, replayed for every batch.</summary>
internal sealed class PlannedPass : IDisposable
{
    private readonly AutoencoderModel _model;
    private readonly PassForm _form;
    private readonly Arena _arena;
    private readonly Tensor _input, _output, _between;
    private readonly OpSequence? _sequence;

    /// <summary>Plans.</summary>
    /// <param name="model">Whose weights are read at replay.</param>
    /// <param name="input">[B,C,H,W].</param>
    /// <param name="output">[B,C',H',W'].</param>
    /// <param name="form">What is enqueued.</param>
    /// <param name="record">Whether it is recorded; otherwise every pass is enqueued anew.</param>
    public PlannedPass(AutoencoderModel model, Shape input, Shape output, PassForm form, bool record)
    {
        model.RequireAlive();
        (_model, _form) = (model, form);
        (_arena, (_input, _output, _between)) = Arena.Carve(model.Device, "autoencoder", Carving(model.Device, input, output, form));
        try
        {
            _sequence = record ? model.Device.Capture(() => Enqueue(null)) : null;

            // A first batch that is not full is computed with the rest of the input, which nobody would have written.
            float[] zeros = new float[input.Count / input[0]];
            for (int image = 0; image < input[0]; image++)
            {
                int rows = _input.Rows / input[0];
                model.Device.Upload(_input.SliceRows(image * rows, rows), zeros);
            }
        }
        catch
        {
            _arena.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that it takes on the device apart from the weights.</summary>
    public long Bytes => _arena.CapacityBytes;

    /// <summary>The ops of a run; none where it is not recorded.</summary>
    public IReadOnlyList<OpInfo> Ops => _sequence?.Ops ?? [];

    /// <summary>What <see cref="Bytes"/> would be.</summary>
    public static long CountBytes(Device device, Shape input, Shape output, PassForm form) =>
        Arena.Count(device, "autoencoder on paper", Carving(device, input, output, form)).Bytes;

    /// <summary>What would be recorded.</summary>
    public static IReadOnlyList<OpInfo> ListOps(Device device, Shape input, Shape output, PassForm form) => OnPaper(device, input, output, form).Ops;

    /// <summary>Runs it.</summary>
    /// <param name="input">[N,C,H,W], N at most B: the rest of the batch is computed in vain, from zeros or what an earlier run brought.</param>
    /// <param name="output">[N,C',H',W'].</param>
    /// <param name="tap">Sees intermediate results: the pass is enqueued then, not replayed; null for none.</param>
    public void Run(ReadOnlySpan<float> input, Span<float> output, ForwardTap? tap = null)
    {
        ObjectDisposedException.ThrowIf(_arena.IsDisposed, this);
        _model.RequireAlive();
        _model.Device.Upload(First(_input, input.Length), input);
        if (_sequence is null || tap is not null)
        {
            Enqueue(tap);
        }
        else
        {
            _sequence.Run();
        }

        _model.Device.Download(First(_output, output.Length), output);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sequence?.Dispose();
        _arena.Dispose();
    }

    private static Func<Arena, (Tensor Input, Tensor Output, Tensor Between)> Carving(Device device, Shape input, Shape output, PassForm form)
    {
        int values = Arena.AlignmentBytes / sizeof(float), rows = checked((int)(OnPaper(device, input, output, form).Bytes / Arena.AlignmentBytes));
        return arena => (Take(arena, input), Take(arena, output), arena.Take(DType.F32, rows, values));
    }

    /// <summary>Enqueues the pass on memory that is only counted.</summary>
    private static (long Bytes, IReadOnlyList<OpInfo> Ops) OnPaper(Device device, Shape input, Shape output, PassForm form)
    {
        (_, (Tensor from, Tensor to)) = Arena.Count(device, "ends on paper", arena => (Take(arena, input), Take(arena, output)));
        ReusedMemory counted = new(device);
        IReadOnlyList<OpInfo> ops = device.List(() => form(from, to, counted, null));
        return (counted.PeakBytes, ops);
    }

    private static Tensor Take(Arena arena, Shape shape) => arena.Take(DType.F32, shape[0], shape[1], shape[2], shape[3]);

    /// <summary>The first images of a batch, given their elements.</summary>
    private static Tensor First(Tensor batch, int elements)
    {
        long perImage = batch.Shape.Count / batch.Shape[0];
        if (elements == 0 || elements % perImage != 0 || elements > batch.Shape.Count)
        {
            throw new ArgumentException($"{elements} values are not 1 to {batch.Shape[0]} images of {perImage}");
        }

        return batch.SliceRows(0, elements / batch.Columns);
    }

    private void Enqueue(ForwardTap? tap) => _form(_input, _output, new ReusedMemory(_model.Device, _between), tap);
}
