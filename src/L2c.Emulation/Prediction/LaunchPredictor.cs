using System.Globalization;
using System.Runtime.InteropServices;

namespace L2c.Emulation;

/// <summary>Launches that do the same, with what one of them is predicted to take.</summary>
/// <param name="Name">The kernel, or what the library is asked for.</param>
/// <param name="Size">Grid and block, or the product.</param>
/// <param name="Launches">How many.</param>
/// <param name="Counts">What one of them does; null for a product or a copy.</param>
/// <param name="Registers">Of a thread; null where nobody knows, and for a product.</param>
/// <param name="Flops">Operations of one on tensor cores, or of a product.</param>
/// <param name="Each">The time of one.</param>
public sealed record PredictedLaunches(
    string Name, string Size, int Launches, KernelCounts? Counts, int? Registers, double Flops, Prediction Each)
{
    /// <summary>Seconds of all.</summary>
    public double Seconds => Launches * Each.Seconds;
}

/// <summary>Predicts what recorded work would take on a GPU. Launches of one kernel and size whose addresses have the same alignment are
/// counted once.</summary>
/// <param name="driver">The device that the work was recorded on.</param>
/// <param name="gpu">The GPU.</param>
/// <param name="ptxas">Counts the registers of a thread; null where it is not present.</param>
/// <param name="name">A kernel's name for people.</param>
public sealed class LaunchPredictor(EmulatedDriver driver, GpuModel gpu, Ptxas? ptxas, Func<KernelLaunch, string> name)
{
    // Sectors and lines are told apart by an address's last bits.
    private const ulong AddressBits = 255;

    private readonly Dictionary<string, PredictedLaunches> _known = [];
    private readonly Dictionary<string, int?> _registers = [];

    /// <summary>Predicts.</summary>
    /// <param name="work">Nodes of recordings of the driver's, which must be alive.</param>
    /// <returns>What is different, in order of its first appearance.</returns>
    /// <exception cref="DeviceFault">A kernel did what a device forbids.</exception>
    public IReadOnlyList<PredictedLaunches> Predict(IEnumerable<DeviceWork> work)
    {
        Dictionary<string, int> launches = [];
        List<string> order = [];
        foreach (DeviceWork node in work)
        {
            string key = KeyOf(node);
            if (!_known.ContainsKey(key))
            {
                _known.Add(key, PredictOne(node));
            }

            ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(launches, key, out bool isThere);
            count++;
            if (!isThere)
            {
                order.Add(key);
            }
        }

        // Different addresses may give the same counts.
        return
        [
            .. order.Select(key => _known[key] with { Launches = launches[key] })
                .GroupBy(row => (row.Name, row.Size, row.Counts?.Sectors, row.Counts?.Wavefronts, row.Counts?.IssueSlots, row.Each.Seconds))
                .Select(group => group.First() with { Launches = group.Sum(row => row.Launches) }),
        ];
    }

    private PredictedLaunches PredictOne(DeviceWork node)
    {
        switch (node)
        {
            case KernelLaunch launch:
                KernelCounts counts = driver.Count(launch, CountedBlocks.Sample, unique: true);
                int? registers = RegistersOf(launch.ModuleText);
                Prediction each = BottleneckModel.Of(gpu, counts, registers);
                return new PredictedLaunches(name(launch), Text(launch.Size), 0, counts, registers, 2 * counts.Macs, each);
            case MatmulLaunch product:
                return new PredictedLaunches(NameOf(product), Text(product), 0, null, null, product.Flops, BottleneckModel.Of(gpu, product));
            case MemoryCopy copy:
                return new PredictedLaunches("copy", Invariant($"{copy.Bytes} bytes"), 0, null, null, 0, BottleneckModel.Of(gpu, 2 * copy.Bytes));
            case MemorySet set:
                return new PredictedLaunches("fill", Invariant($"{set.Bytes} bytes"), 0, null, null, 0, BottleneckModel.Of(gpu, set.Bytes));
            default:
                throw new ArgumentException($"work of an unknown kind: {node}", nameof(node));
        }
    }

    private int? RegistersOf(string text)
    {
        if (!_registers.TryGetValue(text, out int? registers))
        {
            registers = ptxas?.Assemble(text, $"sm_{gpu.ComputeCapability.Major}{gpu.ComputeCapability.Minor}").Registers;
            _registers.Add(text, registers);
        }

        return registers;
    }

    private string KeyOf(DeviceWork node) => node switch
    {
        KernelLaunch launch => $"{launch.ModuleText}\n{launch.Size}\n{ParametersOf(launch)}",
        MatmulLaunch product => $"{NameOf(product)} {Text(product)} {product.InputType} {product.OutputType} {product.Compute}",
        MemoryCopy copy => Invariant($"copy {copy.Bytes}"),
        MemorySet set => Invariant($"fill {set.Bytes}"),
        _ => throw new ArgumentException($"work of an unknown kind: {node}", nameof(node)),
    };

    // Of an address what decides counts: its last bits, and which others are the same.
    private string ParametersOf(KernelLaunch launch)
    {
        List<ulong> seen = [];
        ReadOnlySpan<byte> bytes = launch.Parameters.Span;
        List<string> parts = [];
        for (int at = 0; at < bytes.Length; at += sizeof(ulong))
        {
            ReadOnlySpan<byte> part = bytes[at..Math.Min(at + sizeof(ulong), bytes.Length)];
            ulong value = part.Length == sizeof(ulong) ? MemoryMarshal.Read<ulong>(part) : 0;
            if (value == 0 || !driver.IsAllocated(value))
            {
                parts.Add(Convert.ToHexString(part));
                continue;
            }

            int number = seen.IndexOf(value);
            if (number < 0)
            {
                number = seen.Count;
                seen.Add(value);
            }

            parts.Add(Invariant($"address {number} {value & AddressBits}"));
        }

        return string.Join(' ', parts);
    }

    private static string NameOf(MatmulLaunch product) => string.Concat(
        "product",
        product.Epilogue.ToString().Replace("CUBLASLT_EPILOGUE_", "+", StringComparison.Ordinal).Replace("+DEFAULT", "", StringComparison.Ordinal)
            .Replace("_BIAS", "+bias", StringComparison.Ordinal).ToLowerInvariant(),
        product.Beta == 0 ? "" : "+add");

    // Row-major terms: rows of y, columns of y, terms of each sum.
    private static string Text(MatmulLaunch product) =>
        Invariant($"[{product.N},{product.M}] K {product.K}{(product.Batch == 1 ? "" : Invariant($" x {product.Batch}"))}");

    private static string Text(in LaunchDimensions size)
    {
        string grid = string.Join('x', new[] { size.GridX, size.GridY, size.GridZ }.Reverse().SkipWhile(n => n == 1).Reverse().DefaultIfEmpty(1u));
        return Invariant($"{grid} blocks of {size.BlockX * size.BlockY * size.BlockZ}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
