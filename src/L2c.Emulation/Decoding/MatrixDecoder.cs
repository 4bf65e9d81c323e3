using L2c.Emulation.Instructions;

namespace L2c.Emulation.Decoding;

/// <summary>ldmatrix and mma.sync.</summary>
internal static class MatrixDecoder
{
    public static Op LoadMatrix(Operands operands)
    {
        string form = operands.Opcode.Replace(".shared::cta", ".shared");
        bool transposed = form.Contains(".trans.");
        int count = form.Replace(".trans", "") switch
        {
            "ldmatrix.sync.aligned.m8n8.x1.shared.b16" => 1,
            "ldmatrix.sync.aligned.m8n8.x2.shared.b16" => 2,
            "ldmatrix.sync.aligned.m8n8.x4.shared.b16" => 4,
            _ => throw operands.Unknown(),
        };
        operands.RequireCount(2, 2);
        return new LoadMatrix(Registers(operands, 0, count, result: true), operands.Address(1, 32, out _), transposed);
    }

    public static Op Multiply(Operands operands)
    {
        operands.RequireCount(4, 4);
        return operands.Opcode switch
        {
            "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32" => Make<HalfElement>(operands, 16, 4, 2),
            "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32" => Make<HalfElement>(operands, 8, 2, 1),
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32" => Make<BFloat16Element>(operands, 16, 4, 2),
            "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32" => Make<BFloat16Element>(operands, 8, 2, 1),
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32" => Make<Tf32Element>(operands, 8, 4, 2),
            "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32" => Make<Tf32Element>(operands, 4, 2, 1),
            _ => throw operands.Unknown(),
        };
    }

    private static MultiplyMatrices<T> Make<T>(Operands operands, int depth, int a, int b)
        where T : IMatrixElement =>
        new(
            Registers(operands, 0, 4, result: true),
            Registers(operands, 1, a, result: false),
            Registers(operands, 2, b, result: false),
            Registers(operands, 3, 4, result: false),
            depth);

    private static Register[] Registers(Operands operands, int index, int count, bool result)
    {
        IReadOnlyList<Parsing.PtxOperand> list = operands.List(index);
        return list.Count == count
            ? [.. list.Select(item => result ? operands.Result(item, 32) : operands.Source(item, 32))]
            : throw operands.Error($"operand {index + 1} has {list.Count} registers, expected {count}");
    }
}
