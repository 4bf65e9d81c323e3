using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>An activation of a tile that the micro-kernel has just written: its values are still in the first cache.</summary>
internal static unsafe class TileActivation
{
    /// <summary>c = act(c) for <paramref name="rows"/> rows, a multiple of 4, by <paramref name="vectors"/> vectors.</summary>
    /// <remarks>The micro-kernel's registers see to <see cref="Activation.None"/> and <see cref="Activation.Relu"/>.</remarks>
    public static void Apply<V>(Activation activation, int rows, int vectors, float* c, nint cRow)
        where V : unmanaged, IFloats<V>
    {
        switch (activation)
        {
            case Activation.Silu:
                Apply<V, SiluForm>(rows, vectors, c, cRow);
                break;
            case Activation.GeluTanh:
                Apply<V, GeluTanhForm>(rows, vectors, c, cRow);
                break;
            case Activation.GeluErf:
                Apply<V, GeluErfForm>(rows, vectors, c, cRow);
                break;
            default:
                throw ActivationForms.Unknown(activation);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<V, TForm>(int rows, int vectors, float* c, nint cRow)
        where V : unmanaged, IFloats<V>
        where TForm : struct, IActivationForm
    {
        for (; rows > 0; rows -= 4, c += 4 * cRow)
        {
            float* at = c;
            for (int j = 0; j < vectors; j++, at += V.Count)
            {
                Wide<V> value = TForm.Value(new Wide<V>
                {
                    A = V.Load(at),
                    B = V.Load(at + cRow),
                    C = V.Load(at + 2 * cRow),
                    D = V.Load(at + 3 * cRow),
                });
                V.Store(value.A, at);
                V.Store(value.B, at + cRow);
                V.Store(value.C, at + 2 * cRow);
                V.Store(value.D, at + 3 * cRow);
            }
        }
    }
}
