namespace L2c.Emulation;

/// <summary>What a kernel or a library call did wrong.</summary>
public enum FaultKind
{
    /// <summary>An access outside every allocation, or across the end of one.</summary>
    OutOfBounds,

    /// <summary>An access to an allocation that was freed.</summary>
    Freed,

    /// <summary>An address that the width of the access does not divide.</summary>
    Misaligned,

    /// <summary>A read of bytes that nothing has written.</summary>
    Uninitialised,

    /// <summary>Two threads of a block touch the same shared bytes between two barriers, and one of them writes.</summary>
    SharedRace,

    /// <summary>Threads of a block or warp wait at a barrier or a collective instruction that others never reach.</summary>
    BarrierDivergence,

    /// <summary>The kernel ran a trap instruction, or failed in a way that no other kind names.</summary>
    Failed,
}

/// <summary>A fault of the emulated device. Real hardware reports a subset of these, and rarely says where.</summary>
public sealed class DeviceFault : Exception
{
    private readonly string _detail;

    /// <summary>A fault whose place is not known yet.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="detail">The access: direction, width, address, allocation.</param>
    /// <param name="inner">What was thrown below, or null.</param>
    public DeviceFault(FaultKind kind, string detail, Exception? inner = null)
        : base(detail, inner)
    {
        Kind = kind;
        _detail = detail;
    }

    /// <summary>What went wrong.</summary>
    public FaultKind Kind { get; }

    /// <summary>The kernel's entry name, or the library call; null while unknown.</summary>
    public string? Kernel { get; private init; }

    /// <summary>Line of the PTX text from 1; 0 while unknown or not a kernel's.</summary>
    public int Line { get; private init; }

    /// <summary>The first thread that did it, as <c>block (0,0,0) thread (31,0,0)</c>; null while unknown.</summary>
    public string? Thread { get; private init; }

    /// <summary>Place and access in one line.</summary>
    public override string Message
    {
        get
        {
            string line = Line > 0 ? $", PTX line {Line}" : "";
            string thread = Thread is null ? "" : $", {Thread}";
            return Kernel is null ? _detail : $"{Kernel}{line}{thread}: {_detail}";
        }
    }

    /// <summary>The same fault with its place.</summary>
    /// <param name="kernel">The kernel's entry name, or the library call.</param>
    /// <param name="line">Line of the PTX text from 1; 0 when there is none.</param>
    /// <param name="thread">The first thread that did it, or null.</param>
    public DeviceFault At(string kernel, int line = 0, string? thread = null) =>
        new(Kind, _detail, this) { Kernel = kernel, Line = line, Thread = thread };
}
