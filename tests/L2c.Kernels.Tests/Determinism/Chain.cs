namespace L2c.Kernels.Tests;

/// <summary>Ops in turn over some images of a fixed set, on a CPU device of its own: what is asked for every chain alike.</summary>
internal abstract class Chain(string set, int threads) : IDisposable
{
    /// <summary>Every chain by name: how many images its set has, and how it is made of instruction set, threads, first image and number of images.</summary>
    private static readonly Dictionary<string, (int Images, Func<string, int, int, int, Chain> Open)> _all = new()
    {
        ["forward"] = (ForwardChain.Images, (set, threads, first, count) => new ForwardChain(set, threads, first, count)),
        ["backward"] = (BackwardChain.Images, (set, threads, first, count) => new BackwardChain(set, threads, first, count)),
        ["images"] = (ImageChain.Images, (set, threads, first, count) => new ImageChain(set, threads, first, count)),
        ["gradients of matrices"] = (
            MatrixGradientChain.Images, (set, threads, first, count) => new MatrixGradientChain(set, threads, first, count)),
    };

    /// <summary>Names for theories.</summary>
    public static IReadOnlyCollection<string> Names => _all.Keys;

    /// <summary>The ops that it enqueues.</summary>
    public abstract string[] OpNames { get; }

    /// <summary>The device that it runs on.</summary>
    public CpuDevice Device => Bench.Device;

    protected Workbench Bench { get; } = new(set, threads);

    /// <summary>How many images the set of a chain has.</summary>
    public static int ImagesOf(string name) => _all[name].Images;

    /// <summary>A chain over images <paramref name="first"/> .. of its set.</summary>
    public static Chain Open(string name, string set, int threads, int first, int count) => _all[name].Open(set, threads, first, count);

    public abstract void Enqueue();

    public OpSequence Capture() => Bench.Device.Capture(Enqueue);

    /// <summary>Puts back what a run overwrites and reads.</summary>
    public virtual void Reset()
    {
    }

    /// <summary>Results that belong to one image each.</summary>
    public abstract float[][] PerImage();

    /// <summary>Those and the ones that all images share.</summary>
    public abstract float[][] Everything();

    /// <summary>Runs an op that needs more room for sums than those of the chain.</summary>
    public void EnqueueLarger()
    {
        Tensor x = Bench.Put(new float[9 * 200 * 70], 9, 200, 70), gate = Bench.Put(new float[9 * 70], 9, 70);
        Bench.Device.ResidualTermBackward(x, new ResidualTerm(x, gate), x, Bench.Take(9, 70));
    }

    public void Dispose() => Bench.Dispose();
}
