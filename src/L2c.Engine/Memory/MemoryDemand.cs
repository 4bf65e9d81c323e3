using L2c.Kernels;
using L2c.Weights.Memory;

namespace L2c;

/// <summary>What a task will take by the size of its batch: held against what is free before anything of it is allocated.</summary>
public sealed class MemoryDemand
{
    // What no count knows: code that is compiled, stacks, objects of plans; on CUDA modules and graphs.
    internal const long RuntimeBytes = 32L << 20, DriverBytes = 64L << 20;

    /// <summary>What to do where not even a batch of one fits, unless a task knows better.</summary>
    internal const string Last = "free some memory or use a smaller model";

    private readonly string _task;
    private readonly Func<Device, int, MemoryNeed> _need;
    private readonly int _batch;
    private readonly string? _option;
    private readonly string _last;

    /// <param name="task">What is to be done, as <c>sampling</c>.</param>
    /// <param name="need">Bytes beside the weights of a network, given the device and the size of the batch.</param>
    /// <param name="batch">The size of the batch.</param>
    /// <param name="option">What sets it; null where nothing does.</param>
    /// <param name="last">What to do where not even a batch of one fits.</param>
    internal MemoryDemand(
        string task, Func<Device, int, MemoryNeed> need, int batch, string? option, string last = Last) =>
        (_task, _need, _batch, _option, _last) = (task, need, batch, option, last);

    /// <summary>Fails unless what the task needs is free.</summary>
    /// <param name="device">Where it would run.</param>
    /// <param name="host">Memory of the host.</param>
    /// <param name="before">What has to be brought to the device first, and is not there yet.</param>
    /// <exception cref="InsufficientMemoryException">It is not. The message says what is needed, what is free, and which batch would fit.</exception>
    /// <exception cref="RequestException">The environment states no size of memory.</exception>
    internal void Require(Device device, HostMemory host, MemoryNeed before = default)
    {
        if (FindShortage(device, host, Total(_batch)) is not { } shortage)
        {
            return;
        }

        int fits = _option is null ? 0 : LargestBatch(batch => FindShortage(device, host, Total(batch)) is null);
        throw Short(_task, shortage, (_option, fits) switch
        {
            (null, _) => null,
            (_, 0) => $"not even {_option} 1 fits, so {_last}",
            _ => $"give {_option} {fits}, which needs {HostMemory.Text(shortage.Part(Total(fits)))}",
        });

        MemoryNeed Total(int batch)
        {
            // Weights stay; the buffers that read them do not.
            MemoryNeed task = _need(device, batch);
            MemoryNeed all = before.Or(task) with { Device = before.Device + task.Device };
            return all + new MemoryNeed(device.FreeBytes is null ? 0 : DriverBytes, 0, RuntimeBytes);
        }
    }

    /// <summary>Fails unless what a task needs of the host alone is free.</summary>
    /// <param name="task">What is to be done.</param>
    /// <param name="host">Memory of the host.</param>
    /// <param name="need">What it takes.</param>
    /// <exception cref="InsufficientMemoryException">It is not.</exception>
    /// <exception cref="RequestException">The environment states no size of memory.</exception>
    internal static void Require(string task, HostMemory host, MemoryNeed need)
    {
        if (FindShortage(null, host, need) is { } shortage)
        {
            throw Short(task, shortage, null);
        }
    }

    private static InsufficientMemoryException Short(string task, Shortage shortage, string? advice) => new(
        $"{task} needs {HostMemory.Text(shortage.Needed)} of memory{shortage.On}, and {HostMemory.Text(shortage.Free.Bytes)} are free "
        + $"{shortage.Free.Where}; {advice ?? "free some memory or ask for less"}");

    private static Shortage? FindShortage(Device? device, HostMemory host, MemoryNeed need)
    {
        Shortage? first = FindShortageNow(device, host, need);
        if (first is null)
        {
            return null;
        }

        // Arrays of earlier tasks may be garbage.
        GC.Collect();
        return FindShortageNow(device, host, need);
    }

    private static Shortage? FindShortageNow(Device? device, HostMemory host, MemoryNeed need)
    {
        FreeMemory free;
        try
        {
            free = host.Free();
        }
        catch (FormatException e)
        {
            throw new RequestException(e.Message, e);
        }

        long? onDevice = device?.FreeBytes;
        Shortage?[] shortages =
        [
            Shortage.Find(n => n.Arrays + n.Native + (onDevice is null ? n.Device : 0), need, free, ""),
            Shortage.Find(n => n.Arrays, need, host.FreeHeap(), " for images and results"),
            onDevice is { } left ? Shortage.Find(n => n.Device, need, new FreeMemory(left, $"on {device!.Name}"), " on the device") : null,
        ];
        return Array.Find(shortages, shortage => shortage is not null);
    }

    /// <summary>By bisection: a larger batch takes more.</summary>
    private int LargestBatch(Predicate<int> fits)
    {
        int known = 0, tooLarge = _batch;
        while (tooLarge - known > 1)
        {
            int middle = known + ((tooLarge - known) / 2);
            (known, tooLarge) = fits(middle) ? (middle, tooLarge) : (known, middle);
        }

        return known;
    }

    /// <summary>Too little memory of one kind.</summary>
    /// <param name="Part">What of a need is of that kind.</param>
    /// <param name="Needed">How much is needed.</param>
    /// <param name="Free">How much is free.</param>
    /// <param name="On">Words for the kind.</param>
    private sealed record Shortage(Func<MemoryNeed, long> Part, long Needed, FreeMemory Free, string On)
    {
        public static Shortage? Find(Func<MemoryNeed, long> part, MemoryNeed need, FreeMemory free, string on) =>
            part(need) > free.Bytes ? new Shortage(part, part(need), free, on) : null;
    }
}
