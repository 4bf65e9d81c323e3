namespace L2c.Emulation;

/// <summary>What nobody documents of the library, and so may be set.</summary>
/// <param name="Gelu">See <see cref="EmulatedCublasLt.Gelu"/>.</param>
/// <param name="Relu">See <see cref="EmulatedCublasLt.Relu"/>.</param>
/// <param name="TruncatesTf32">See <see cref="EmulatedCublasLt.TruncatesTf32"/>.</param>
internal readonly record struct LibraryTraits(Func<float, float>? Gelu, Func<float, float> Relu, bool TruncatesTf32);
