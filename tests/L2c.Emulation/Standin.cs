namespace L2c.Emulation;

public sealed class PtxModule
{
    public IReadOnlyList<PtxEntry> Entries { get; } = [];
    public static PtxModule Parse(string text) => throw new PtxSyntaxException(text);
    public PtxEntry Entry(string name) => throw new KeyNotFoundException(name + Entries.Count);
}

public sealed class PtxEntry
{
    public string Name { get; } = "";
    public string Target { get; } = "sm_80";
    public int ParameterBytes { get; init; }
    public int StaticSharedBytes { get; init; }
    public int LocalBytes { get; init; }
    public (int X, int Y, int Z)? MaxThreads { get; init; }
    public IReadOnlyList<PtxParameter> Parameters { get; } = [];
}

public readonly record struct PtxParameter(int Offset, int Bytes);

public readonly record struct LaunchDimensions(uint GridX, uint GridY, uint GridZ, uint BlockX, uint BlockY, uint BlockZ, uint DynamicSharedBytes);

public static class PtxMachine
{
    public static void Run(PtxEntry entry, in LaunchDimensions size, ReadOnlySpan<byte> parameters, DeviceMemory memory) =>
        throw new DeviceFault(FaultKind.Failed, "no interpreter yet");
}

public sealed class PtxSyntaxException(string m) : Exception(m);
