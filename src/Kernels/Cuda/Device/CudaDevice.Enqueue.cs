using System.Reflection;
using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

// How an op gets onto the stream, into a list or into a graph. An op calls BeginOp, then Kernel and Launch.
public sealed unsafe partial class CudaDevice
{
    // Blocks of a grid in y and z.
    private const int MaxGridExtent = 65535;

    private Mode _mode = Mode.Eager;
    private List<OpInfo> _ops = [];
    private OpTimer? _timer;
    private bool _onPaper;

    private enum Mode
    {
        /// <summary>Ops are enqueued on the stream.</summary>
        Eager,
        /// <summary>Ops are listed and what they need is loaded; nothing is enqueued.</summary>
        Preparing,
        /// <summary>Ops are recorded into a graph.</summary>
        Capturing,
    }

    /// <inheritdoc/>
    public override IReadOnlyList<OpInfo> List(Action enqueue) => Prepare(enqueue, onPaper: true);

    /// <inheritdoc/>
    public override OpSequence Capture(Action enqueue)
    {
        List<OpInfo> ops = Prepare(enqueue, onPaper: false);
        _mode = Mode.Capturing;
        try
        {
            return new CudaOpSequence(this, enqueue, ops, CudaGraph.Capture(_driver, _stream.Handle, enqueue));
        }
        finally
        {
            _mode = Mode.Eager;
        }
    }

    /// <summary>Enqueues a recorded graph.</summary>
    internal void Launch(CudaGraph graph)
    {
        Enter(nameof(OpSequence));
        graph.Launch(_stream.Handle);
    }

    /// <summary>Enqueues ops eagerly, waiting for and timing each.</summary>
    internal void Observe(Action enqueue, OpObserver observer)
    {
        Enter(nameof(OpSequence));
        _timer ??= new OpTimer(_driver, _stream.Handle);
        _timer.Begin(observer);
        try
        {
            enqueue();
            _timer.Close();
        }
        finally
        {
            _timer.End();
        }
    }

    /// <summary>Frees a recorded graph; with the device everything of it went.</summary>
    internal void Free(CudaGraph graph)
    {
        if (!_disposed)
        {
            _context.MakeCurrent();
            graph.Dispose();
        }
    }

    private List<OpInfo> Prepare(Action enqueue, bool onPaper)
    {
        Enter(onPaper ? nameof(List) : nameof(Capture));
        _onPaper = onPaper;
        _mode = Mode.Preparing;
        _ops = [];
        try
        {
            enqueue();
            return _ops;
        }
        finally
        {
            _onPaper = false;
            _mode = Mode.Eager;
        }
    }

    /// <summary>Every op calls this first.</summary>
    /// <param name="name">The op as <see cref="Device"/> calls it.</param>
    /// <param name="flops">As <see cref="OpInfo.Flops"/>.</param>
    /// <param name="bytes">As <see cref="OpInfo.Bytes"/>.</param>
    private void BeginOp(string name, long flops, long bytes)
    {
        if (_mode == Mode.Preparing)
        {
            _ops.Add(new OpInfo(name, Scope, flops, bytes));
        }
        else if (_mode == Mode.Eager)
        {
            Enter(name);
            _timer?.Next();
        }
    }

    /// <summary>A kernel in the form for the device's storage type, compiled and loaded the first time it is asked for.</summary>
    /// <param name="template">The kernel.</param>
    /// <param name="maxDynamicSharedBytes">Most dynamic shared memory that a launch will ask for; one kernel has one value.</param>
    private CudaKernel Kernel(KernelTemplate template, int maxDynamicSharedBytes = 0)
    {
        MethodInfo method = template.For(StorageType);
        if (!_kernels.TryGetValue(method, out CudaKernel? kernel))
        {
            RequireLoadable(method.Name);
            kernel = new CudaKernel(_driver, _compiler.Compile(method, template.Threads, _target, template.MinBlocks), maxDynamicSharedBytes);
            _kernels.Add(method, kernel);
        }

        return kernel;
    }

    /// <summary>Enqueues or records a kernel; while preparing, does nothing.</summary>
    private void Launch(CudaKernel kernel, LaunchSize grid, int threadsPerBlock, int dynamicSharedBytes, ReadOnlySpan<byte> parameters)
    {
        if (_mode != Mode.Preparing)
        {
            kernel.Launch(_stream.Handle, grid, new LaunchSize(threadsPerBlock), dynamicSharedBytes, parameters);
        }
    }

    /// <summary>Enqueues or records a kernel in the form for the device's storage type; while preparing, only loads it.</summary>
    private void Launch(KernelTemplate kernel, LaunchSize grid, ReadOnlySpan<byte> parameters) =>
        Launch(Kernel(kernel), grid, kernel.Threads, 0, parameters);

    /// <summary>Blocks that hold this many elements, the last perhaps in part.</summary>
    private static int Blocks(int count, int perBlock) => (count + perBlock - 1) / perBlock;

    /// <summary>A grid of one thread per element.</summary>
    private static LaunchSize BlocksOf(long count, int threads) => new(checked((int)((count + threads - 1) / threads)));

    private void RequireLoadable(string what)
    {
        if (_mode == Mode.Capturing)
        {
            throw new InvalidOperationException(
                $"{what}: met while capturing and not while preparing; what an op needs must not depend on more than its arguments");
        }
    }
}
