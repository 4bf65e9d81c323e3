namespace L2c.Native;

/// <summary>A device as the driver numbers it; the value is not always the ordinal.</summary>
/// <param name="Value">The driver's number, a C <c>int</c>.</param>
public readonly record struct CUdevice(int Value);

/// <summary>An address in device memory, in bytes; 0 is no address.</summary>
/// <param name="Value">The address, 64 bits on every supported platform.</param>
public readonly record struct CUdeviceptr(ulong Value);

/// <summary>A context: the address space and the loaded modules of one device.</summary>
/// <param name="Handle">The driver's opaque pointer.</param>
public readonly record struct CUcontext(nint Handle);

/// <summary>A loaded module; <see cref="CudaModule"/> owns one.</summary>
/// <param name="Handle">The driver's opaque pointer.</param>
public readonly record struct CUmodule(nint Handle);

/// <summary>A kernel of a loaded module; lives as long as the module.</summary>
/// <param name="Handle">The driver's opaque pointer.</param>
public readonly record struct CUfunction(nint Handle);

/// <summary>A stream; the default value is the null stream, which cannot be captured into a graph.</summary>
/// <param name="Handle">The driver's opaque pointer.</param>
public readonly record struct CUstream(nint Handle);

/// <summary>A mark in a stream.</summary>
/// <param name="Handle">The driver's opaque pointer.</param>
public readonly record struct CUevent(nint Handle);

/// <summary>Recorded work.</summary>
/// <param name="Handle">The driver's opaque pointer.</param>
public readonly record struct CUgraph(nint Handle);

/// <summary>One piece of recorded work: a launch, a copy, a memset.</summary>
/// <param name="Handle">The driver's opaque pointer.</param>
public readonly record struct CUgraphNode(nint Handle);

/// <summary>Recorded work, ready to be launched.</summary>
/// <param name="Handle">The driver's opaque pointer.</param>
public readonly record struct CUgraphExec(nint Handle);
