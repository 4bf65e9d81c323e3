using BenchmarkDotNet.Attributes;
using L2c.Kernels;

namespace L2c.Bench.Micro;

/// <summary>One op as BenchmarkDotNet runs it: planned once, replayed.</summary>
public class KernelBenchmark
{
    private readonly Stack<IDisposable> _owned = [];
    private Action _run = () => throw new InvalidOperationException("not set up");

    /// <summary>Which ops: set before BenchmarkDotNet asks. It runs in this process.</summary>
    internal static IReadOnlyList<string> Chosen { get; set; } = [.. KernelCases.All.Keys];

    /// <summary>Ends the run at the next op.</summary>
    internal static CancellationToken Cancel { get; set; }

    /// <summary>What an op costs, for the columns of the table.</summary>
    internal static Dictionary<(string Op, NetworkShape Network), (long Bytes, long Flops)> Costs { get; } = [];

    /// <summary>Values of <see cref="Op"/>.</summary>
    public static IEnumerable<string> Ops => Chosen;

    /// <summary>Values of <see cref="Network"/>.</summary>
    public static IEnumerable<NetworkShape> Networks => NetworkShape.All;

    /// <summary>The op's name in <see cref="KernelCases"/>.</summary>
    [ParamsSource(nameof(Ops), Priority = 0)]
    public string Op { get; set; } = "";

    /// <summary>Whose shapes.</summary>
    [ParamsSource(nameof(Networks), Priority = 1)]
    public NetworkShape Network { get; set; } = NetworkShape.All[0];

    /// <summary>Of the device.</summary>
    [Params(1, 2, Priority = 2)]
    public int Threads { get; set; }

    /// <summary>Plans the op.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Cancel.ThrowIfCancellationRequested();
        CpuDevice device = new(Threads);
        _owned.Push(device);
        (Arena memory, (Operands operands, Action<Device> call)) = Arena.Carve(device, "kernels", arena =>
        {
            Operands operands = new(arena);
            return (operands, KernelCases.All[Op](operands, Network));
        });
        _owned.Push(memory);
        operands.Fill(device);
        OpSequence sequence = device.Capture(() => call(device));
        _owned.Push(sequence);
        _run = () => sequence.Run();
        Costs[(Op, Network)] = (sequence.Ops.Sum(op => op.Bytes), sequence.Ops.Sum(op => op.Flops));
    }

    /// <summary>The op.</summary>
    [Benchmark]
    public void Run() => _run();

    /// <summary>Frees the operands.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        while (_owned.TryPop(out IDisposable? owned))
        {
            owned.Dispose();
        }
    }
}
