using L2c.Kernels;

namespace L2c;

/// <summary>The part of a network that an op belongs to, as tables and traces call it.</summary>
internal static class OpPlace
{
    /// <summary>"attention", "mlp", "outside" the blocks of an evaluation, or "ahead" for modulations of several evaluations.</summary>
    public static string Of(OpScope scope) => scope switch
    {
        { Evaluation: < 0 } => "ahead",
        { Branch: < 0 } => "outside",
        { Branch: var branch } => branch % 2 == 0 ? "attention" : "mlp",
    };
}
