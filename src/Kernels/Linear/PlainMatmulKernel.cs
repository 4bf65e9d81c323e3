using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[m,n] = sum_k x[m,k] w[n,k] + bias[n], added to y when it accumulates: the plain matrix product, for shapes and strides that cuBLASLt has no algorithm for.</summary>
/// <remarks>
/// Shapes   x: M lines of K terms, w: N lines of K terms; an operand's lines and terms lie any distance apart, so it may be transposed in memory, as
///          for dx = dy W and dW = dy^T x. y: [M,N], any row stride, in the storage type or in fp32. bias: [N], or none.
/// Numbers  fp32 products and sums (one fused multiply-add per k, k ascending), then the bias, then y; one rounding on storing: a row's result does not depend on M.
/// Traffic  x is read N/16 times, w M/16 times, through shared memory. No tensor cores: a fallback, not a fast path.
/// Launch   grid [M/16, N/16] rounded up, 256 threads: thread t has row t/16 and column t mod 16 of the tile; 2176 bytes of static shared memory.
/// </remarks>
internal static class PlainMatmulKernel
{
    /// <summary>Rows and columns of a block's tile, and the depth of one step.</summary>
    public const int Tile = 16;

    /// <summary>The kernel for every storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(PlainMatmulKernel), nameof(Tiles), Tile * Tile);

    // One column more than the tile: the lines of w that a warp reads then lie in different banks.
    private const int Pitch = Tile + 1;

    /// <summary>Block (i, j) computes rows 16 i .. and columns 16 j .. of y.</summary>
    public static void Tiles<TElement>(
        ulong x,
        int xLine,
        int xTerm,
        ulong w,
        int wLine,
        int wTerm,
        ulong bias,
        ulong y,
        int yStride,
        int rows,
        int outputs,
        int terms,
        int storesFloats,
        int accumulates)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> xTile = SharedMemory.Allocate<float>(Tile * Pitch);
        ArrayView<float> wTile = SharedMemory.Allocate<float>(Tile * Pitch);
        int i = Group.IdxX / Tile, j = Group.IdxX % Tile;
        int row = (Grid.IdxX * Tile) + i, column = (Grid.IdxY * Tile) + j, wRow = (Grid.IdxY * Tile) + i;
        float sum = 0;
        for (int k = 0; k < terms; k += Tile)
        {
            bool hasK = k + j < terms;
            xTile[(i * Pitch) + j] = hasK && row < rows ? default(TElement).Load(x, ((long)row * xLine) + ((long)(k + j) * xTerm)) : 0;
            wTile[(i * Pitch) + j] = hasK && wRow < outputs ? default(TElement).Load(w, ((long)wRow * wLine) + ((long)(k + j) * wTerm)) : 0;
            Group.Barrier();
            for (int d = 0; d < Tile; d++)
            {
                sum = Fp32.MultiplyAdd(xTile[(i * Pitch) + d], wTile[(j * Pitch) + d], sum);
            }

            Group.Barrier();
        }

        if (row < rows && column < outputs)
        {
            if (bias != 0)
            {
                sum += default(TElement).Load(bias, column);
            }

            long at = ((long)row * yStride) + column;
            if (storesFloats != 0)
            {
                default(F32Element).Store(y, at, sum); // the gradient of a weight in halves, which nothing is added to
            }
            else
            {
                default(TElement).Store(y, at, accumulates == 0 ? sum : default(TElement).Load(y, at) + sum);
            }
        }
    }
}
