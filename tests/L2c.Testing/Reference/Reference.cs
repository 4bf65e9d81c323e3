using System.Numerics;

namespace L2c.Testing;

/// <summary>Every op as plain loops over its formula, independent of the kernels: in double the truth, in float the naive computation that sets the tolerance.</summary>
/// <remarks>Tensors are row-major arrays in the shapes that the ops document. Inputs are fp32 in both precisions; T is what is computed in.</remarks>
public static partial class Reference
{
    private static T Of<T>(float value)
        where T : IFloatingPointIeee754<T> => T.CreateChecked(value);

    private static T Of<T>(double value)
        where T : IFloatingPointIeee754<T> => T.CreateChecked(value);
}
