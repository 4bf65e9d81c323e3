using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Dit;

/// <summary>The six vectors of one block, each [B,C], slices of one GEMM output (row stride 6C).</summary>
internal readonly record struct BlockModulation(
    Tensor ShiftAttention, Tensor ScaleAttention, Tensor GateAttention, Tensor ShiftMlp, Tensor ScaleMlp, Tensor GateMlp)
{
    /// <summary>Splits [B,6C] in the published order.</summary>
    public static BlockModulation Split(Tensor rows)
    {
        int c = rows.Columns / 6;
        return new BlockModulation(
            rows.SliceColumns(0, c),
            rows.SliceColumns(c, c),
            rows.SliceColumns(2 * c, c),
            rows.SliceColumns(3 * c, c),
            rows.SliceColumns(4 * c, c),
            rows.SliceColumns(5 * c, c));
    }
}

/// <summary>All shift, scale and gate vectors of one evaluation: they depend on timestep and label, never on x.</summary>
public sealed class DitModulations
{
    private DitModulations(Tensor time1, Tensor time2, Tensor condition, Tensor silu, Tensor[] blocks, Tensor final) =>
        (Time1, Time2, Condition, Silu, Blocks, Final) = (time1, time2, condition, silu, blocks, final);

    /// <summary>Hidden layer of the time MLP, [timesteps, C].</summary>
    internal Tensor Time1 { get; }

    /// <summary>t_emb, [timesteps, C].</summary>
    internal Tensor Time2 { get; }

    /// <summary>c = t_emb + y_emb, [B,C].</summary>
    internal Tensor Condition { get; }

    /// <summary>SiLU(c), [B,C].</summary>
    internal Tensor Silu { get; }

    /// <summary>Per block [B,6C].</summary>
    internal Tensor[] Blocks { get; }

    /// <summary>[B,2C]: shift, scale.</summary>
    internal Tensor Final { get; }

    /// <summary>Carves room for a batch.</summary>
    /// <param name="arena">The run's workspace.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="timesteps">1 when all rows share a timestep, else B.</param>
    /// <param name="rows">B: rows of the batch, both halves of guidance counted.</param>
    public static DitModulations Take(Arena arena, DitArchitecture architecture, int timesteps, int rows)
    {
        int c = architecture.HiddenSize;
        return new DitModulations(
            arena.Take(DType.F32, timesteps, c),
            arena.Take(DType.F32, timesteps, c),
            arena.Take(DType.F32, rows, c),
            arena.Take(DType.F32, rows, c),
            [.. Enumerable.Range(0, architecture.Depth).Select(_ => arena.Take(DType.F32, rows, 6 * c))],
            arena.Take(DType.F32, rows, 2 * c));
    }
}
