using L2c.Kernels;

namespace L2c.Model.Accounting;

/// <summary>What some ops of a recorded run do, all rows of the batch together.</summary>
/// <param name="Ops">How many.</param>
/// <param name="Macs">Multiply-accumulates of matrix products, two FLOPs each.</param>
/// <param name="AttentionProductMacs">Those of them that are attention products: scores and weighted values.</param>
/// <param name="Bytes">Bytes read and written if every operand passes once.</param>
/// <remarks>The only source is what the ops themselves count: <see cref="OpInfo"/>.</remarks>
public readonly record struct OpWork(int Ops, long Macs, long AttentionProductMacs, long Bytes)
{
    /// <summary>Linear layers only.</summary>
    public long MacsWithoutProducts => Macs - AttentionProductMacs;

    /// <summary>What one op does.</summary>
    public static OpWork Of(OpInfo op) =>
        new(1, op.Flops / 2, op.Name == nameof(Device.Attention) ? op.Flops / 2 : 0, op.Bytes);

    /// <summary>What several ops do.</summary>
    public static OpWork Of(IEnumerable<OpInfo> ops) => Sum(ops.Select(Of));

    /// <summary>All of it together.</summary>
    public static OpWork Sum(IEnumerable<OpWork> parts) => parts.Aggregate(default(OpWork), (sum, part) => sum + part);

    /// <summary>Both together.</summary>
    public static OpWork operator +(OpWork a, OpWork b) =>
        new(a.Ops + b.Ops, a.Macs + b.Macs, a.AttentionProductMacs + b.AttentionProductMacs, a.Bytes + b.Bytes);

    /// <summary>What the first does beyond the second.</summary>
    public static OpWork operator -(OpWork a, OpWork b) =>
        new(a.Ops - b.Ops, a.Macs - b.Macs, a.AttentionProductMacs - b.AttentionProductMacs, a.Bytes - b.Bytes);
}
