using System.Runtime.CompilerServices;

namespace L2c.Kernels.Cuda;

/// <summary>A function that a kernel applies to each of several values: a type, because the compiler unrolls no loops and takes no
/// delegates.</summary>
internal interface IFunction
{
    /// <summary>Its value.</summary>
    float Of(float x);
}

/// <summary><see cref="DeviceActivation.Silu"/>.</summary>
internal readonly struct Silu : IFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float x) => DeviceActivation.Silu(x);
}

/// <summary><see cref="DeviceActivation.GeluTanh"/>.</summary>
internal readonly struct GeluTanh : IFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float x) => DeviceActivation.GeluTanh(x);
}

/// <summary><see cref="DeviceActivation.GeluErf"/>.</summary>
internal readonly struct GeluErf : IFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float x) => DeviceActivation.GeluErf(x);
}

/// <summary><see cref="DeviceActivation.Relu"/>.</summary>
internal readonly struct Relu : IFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float x) => DeviceActivation.Relu(x);
}

/// <summary><see cref="DeviceActivation.SiluSlope"/>.</summary>
internal readonly struct SiluSlope : IFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float x) => DeviceActivation.SiluSlope(x);
}

/// <summary><see cref="DeviceActivation.GeluTanhSlope"/>.</summary>
internal readonly struct GeluTanhSlope : IFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float x) => DeviceActivation.GeluTanhSlope(x);
}

/// <summary><see cref="DeviceActivation.GeluErfSlope"/>.</summary>
internal readonly struct GeluErfSlope : IFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float x) => DeviceActivation.GeluErfSlope(x);
}

/// <summary><see cref="DeviceActivation.ReluSlope"/>.</summary>
internal readonly struct ReluSlope : IFunction
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Of(float x) => DeviceActivation.ReluSlope(x);
}
