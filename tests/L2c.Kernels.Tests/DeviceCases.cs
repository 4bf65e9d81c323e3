namespace L2c.Kernels.Tests;

/// <summary>Cases of an op over devices. What runs on CUDA has the trait <c>Device=Cuda</c>, by which it is selected on a GPU.</summary>
/// <remarks>The emulator is slow, so its shapes are smaller than the CPU's, and made for the forms that its kernels have.</remarks>
internal static class DeviceCases
{
    /// <summary>The trait's name.</summary>
    public const string Trait = "Device";

    /// <summary>Its value.</summary>
    public const string Cuda = "Cuda";

    /// <summary>Devices of the CPU: its instruction sets.</summary>
    public static string[] Cpu => Workbench.Sets;

    /// <summary>CUDA devices, one per storage type.</summary>
    public static string[] Stored { get; } = [.. CudaWorkbench.Precisions.Select(precision => precision.ToString())];

    /// <summary>CUDA devices of every precision; for ops with products.</summary>
    public static string[] Precisions { get; } = Enum.GetNames<CudaPrecision>();

    /// <summary>The portable CPU device and one of CUDA.</summary>
    public static string[] OnePerKind { get; } = [nameof(InstructionSet.Portable), nameof(CudaPrecision.F32)];

    /// <summary>Cases of the portable CPU device and one of CUDA: for what does not depend on vectors or storage.</summary>
    public static TheoryData<string> OneOfEach => [.. Of(OnePerKind)];

    /// <summary>These devices, with nothing else.</summary>
    public static TheoryDataRow<string>[] Of(params string[] devices) => [.. devices.Select(device => Marked(device, new TheoryDataRow<string>(device)))];

    /// <summary>Devices with values.</summary>
    public static TheoryDataRow<string, T>[] Of<T>(string[] devices, T[] values) =>
        [.. from device in devices from value in values select Marked(device, new TheoryDataRow<string, T>(device, value))];

    /// <summary>Devices with two values each.</summary>
    public static TheoryDataRow<string, T1, T2>[] Of<T1, T2>(string[] devices, T1[] first, T2[] second) =>
    [
        .. from device in devices from one in first from two in second select Marked(device, new TheoryDataRow<string, T1, T2>(device, one, two)),
    ];

    private static TRow Marked<TRow>(string device, TRow row)
        where TRow : TheoryDataRowBase => Enum.TryParse<CudaPrecision>(device, out _) ? row.WithTrait(Trait, Cuda) : row;
}
