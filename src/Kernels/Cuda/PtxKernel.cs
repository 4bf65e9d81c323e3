namespace L2c.Kernels.Cuda;

/// <summary>A kernel as PTX text, and what a launch must agree with.</summary>
/// <param name="EntryName">The name of its <c>.entry</c>.</param>
/// <param name="Text">The whole module: one entry, ASCII.</param>
/// <param name="Target">What it was compiled for.</param>
/// <param name="ThreadsPerBlock">Largest block, in threads; the registers per thread are budgeted for it.</param>
/// <param name="ParameterBytes">Size of the packed parameters: each aligned to its own size, none after the last.</param>
public sealed record PtxKernel(string EntryName, string Text, PtxTarget Target, int ThreadsPerBlock, int ParameterBytes);
