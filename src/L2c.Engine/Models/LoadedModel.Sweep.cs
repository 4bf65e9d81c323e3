using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

public sealed partial class LoadedModel
{
    /// <summary>Compares learned schedules with rules and with fewer steps, row by row into a table that goes on after an interruption.</summary>
    /// <param name="plan">The rows.</param>
    /// <param name="progress">Told of every evaluation of the network and, as remarks, of every row.</param>
    /// <param name="cancel">Looked at before every evaluation of the network; rows that are done stay.</param>
    /// <exception cref="RequestException">
    /// The folder has rows of other settings, another process works in it, or the data do not fit the model.
    /// </exception>
    /// <exception cref="MalformedFileException">A file of the data or of the folder is damaged.</exception>
    /// <exception cref="IOException">A file cannot be written, or is no regular file.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled before the first row.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public SweepResult Sweep(SweepPlan plan, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Exclusively(plan.Demand, () => Sweep(plan, new TaskContext(progress, cancel)));

    /// <inheritdoc cref="Sweep(SweepPlan, IProgress{WorkProgress}?, CancellationToken)"/>
    public Task<SweepResult> SweepAsync(SweepPlan plan, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Sweep(plan, progress, cancel), cancel);

    private SweepResult Sweep(SweepPlan plan, TaskContext context)
    {
        SweepRequest request = plan.Request;
        using IImageSet data = ImageSets.Open(request.Data, Architecture.InputSize, context.Cancel);
        PixelSamples.RequireSizeOf(data, Architecture);
        using FolderLock folderLock = WorkFolder.Take(request.Folder);
        request.RequireOwn();
        AtomicFile.RemoveLeftovers(request.Folder);
        var settings = SweepSettings.Of(plan, this, data, context);
        using SweepTable table = new(request.File(0), request.Anew, context.Remark);
        settings.Settle(request.File(1), request.Anew, table.Records.Count > 0);
        try
        {
            new SweepRunner(plan, this, data, table, context).Run();
        }
        catch (OperationCanceledException)
        {
            return new SweepResult(table.Records, table.Path, [], IsFinished: false);
        }

        (string png, string svg) = (request.File(2), request.File(3));
        string title = $"{Architecture.Name}, {plan.Uncached.Steps} steps, {plan.Uncached.Job.Count} samples against {data.Name}";
        Picture plot = ParetoPlot.Draw(table.Records, title);
        plot.Write(png, overwrite: true);
        plot.Write(svg, overwrite: true);
        return new SweepResult(table.Records, table.Path, [png, svg], IsFinished: true);
    }
}
