using System.Globalization;
using L2c.Model.Training;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>The folders of routers that are trained together: of one router the run's own, of several one in it for each lambda, <c>l1-1e-6</c>, which
/// is what a run with that lambda alone would leave.</summary>
internal sealed class RouterFolders : IDisposable
{
    /// <summary>What the name of a lambda's folder begins with.</summary>
    public const string Prefix = "l1-";

    private readonly string _path;
    private readonly FolderLock? _whole;
    private readonly List<RunFolder> _folders = [];

    private RouterFolders(string path, FolderLock? whole) => (_path, _whole) = (path, whole);

    /// <summary>One per lambda.</summary>
    public IReadOnlyList<RunFolder> All => _folders;

    /// <summary>Where a lambda's router goes.</summary>
    /// <param name="folder">Of all of them.</param>
    /// <param name="lambda">Its.</param>
    public static string PathOf(string folder, double lambda) => Path.Combine(folder, Prefix + NameOf(lambda));

    /// <summary>A lambda as its folder has it: <c>1e-6</c>.</summary>
    public static string NameOf(double lambda) => lambda.ToString("0.##############e+0", CultureInfo.InvariantCulture);

    /// <summary>Takes the folders and decides where the run begins.</summary>
    /// <param name="request">The run.</param>
    /// <param name="lambdas">One or more, no two alike.</param>
    /// <param name="remark">Receives a line for a person.</param>
    /// <exception cref="RequestException">As <see cref="RunFolder.Open"/>, or several routers have no state of the same step.</exception>
    /// <exception cref="IOException">As <see cref="RunFolder.Open"/>, or the folder holds a run of one router.</exception>
    public static RouterFolders Open(RouterTrainingRequest request, IReadOnlyList<double> lambdas, Action<string> remark)
    {
        bool isOne = lambdas.Count == 1;
        if (!isOne && request.Resume is { } file and not TrainingRequest.Latest)
        {
            throw new RequestException(
                $"--resume-from-checkpoint {file}: several routers go on from a state each; give {TrainingRequest.Latest}, or one --l1");
        }

        RouterFolders folders = new(request.Folder, isOne ? null : WorkFolder.Take(request.Folder));
        try
        {
            if (isOne)
            {
                folders.Add(request.Folder, request, request.Resume, remark);
                return folders;
            }

            RefuseOneRouter(request.Folder);
            string[] paths = [.. lambdas.Select(lambda => PathOf(request.Folder, lambda))];
            int step = request.Resume is null ? 0 : CommonStep(paths);
            foreach (string path in paths)
            {
                string? state = request.Resume is null ? null : new StateFolder(path, remark).Find(step) ?? TrainingRequest.Latest;
                folders.Add(path, request, state, remark);
            }

            return folders;
        }
        catch
        {
            folders.Dispose();
            throw;
        }
    }

    /// <summary>Removes the result that an earlier run of several routers has saved, now that this one is known to begin.</summary>
    /// <exception cref="IOException">The file cannot be removed.</exception>
    public void RemoveSavedResult()
    {
        string saved = Path.Combine(_path, TrainingResult.FileName);
        if (_whole is not null && TrainingResult.IsSaved(saved))
        {
            File.Delete(saved);
        }
    }

    /// <summary>Lets other processes in.</summary>
    public void Dispose()
    {
        _folders.ForEach(folder => folder.Dispose());
        _whole?.Dispose();
    }

    private void Add(string path, RouterTrainingRequest request, string? resume, Action<string> remark) =>
        _folders.Add(RunFolder.Open(path, request.ResultNames, resume, request.Anew, remark));

    /// <summary>The latest step of which all have a state; a run that has none yet is at step 0.</summary>
    private static int CommonStep(string[] paths)
    {
        IReadOnlyList<int>[] steps = [.. paths.Select(path => new StateFolder(path, _ => { }).Steps)];
        int[] common = [.. steps.SelectMany(own => own.Count == 0 ? [0] : own).GroupBy(step => step).Where(all => all.Count() == paths.Length)
            .Select(all => all.Key)];
        if (common.Length > 0)
        {
            return common.Max();
        }

        int newest = steps.Max(own => own.Count == 0 ? 0 : own[^1]), behind = Array.FindIndex(steps, own => !own.Contains(newest));
        throw new RequestException(
            $"{paths[behind]} has no state of step {newest}, where others stand, nor have all one of another step; "
            + "train it alone, with its folder as --out and one --l1, or start over with --force");
    }

    private static void RefuseOneRouter(string folder)
    {
        string? own = RouterFiles.Names.Concat(RunLogs.Names).Append(StateFolder.Name).Select(name => Path.Combine(folder, name)).FirstOrDefault(Path.Exists);
        if (own is not null)
        {
            throw new IOException($"{own} exists and belongs to a run of one router; name another folder for several with --out");
        }
    }
}
