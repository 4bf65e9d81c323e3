using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>Two stages of tiles in shared memory, each of rows of two matrices.</summary>
internal struct FlashTiles
{
    /// <summary>Rows of a tile.</summary>
    public const int Rows = 64;

    private readonly ulong _first;
    private readonly ulong _firstStride;
    private readonly ulong _second;
    private readonly ulong _secondStride;
    private readonly uint _rowBytes;
    private readonly uint _byRows;
    private readonly uint _byColumns;
    private uint _current;

    /// <summary>Over two matrices of equal width.</summary>
    /// <param name="first">Address of this head in row 0 of the first.</param>
    /// <param name="firstStride">Bytes from row to row.</param>
    /// <param name="second">As <paramref name="first"/>, of the second.</param>
    /// <param name="secondStride">As <paramref name="firstStride"/>.</param>
    /// <param name="rowBytes">Bytes of a row in shared memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FlashTiles(ulong first, ulong firstStride, ulong second, ulong secondStride, uint rowBytes)
    {
        (_first, _firstStride, _second, _secondStride, _rowBytes) = (first, firstStride, second, secondStride, rowBytes);
        int lane = Group.IdxX & 31;
        uint shared = SharedTiles.Address();
        _byRows = shared + ((uint)(lane & 15) * rowBytes) + ((uint)(lane >> 4) * 16);
        _byColumns = shared + ((uint)((lane & 7) + ((lane >> 4) * 8)) * rowBytes) + ((uint)((lane >> 3) & 1) * 16);

        // The first copy goes to the stage that is not current, and awaiting it makes it current.
        _current = 2 * Rows * rowBytes;
    }

    /// <summary>Copies the tile after the current one: rows from <paramref name="first"/> on, zeros past the last token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StartCopy<TColumns>(int first, int tokens)
        where TColumns : unmanaged, IFlashColumns
    {
        // Two threads share a row.
        uint local = (uint)(Group.IdxX >> 1);
        int row = first + (Group.IdxX >> 1);
        ulong existing = (ulong)IntrinsicMath.Min(row, tokens - 1);
        ulong source = _first + (existing * _firstStride), other = _second + (existing * _secondStride);
        uint target = SharedTiles.Address() + (2 * Rows * _rowBytes) - _current + (local * _rowBytes);
        default(TColumns).StartCopy(new FlashTileCopy(target, source, Rows * _rowBytes, other - source, row < tokens, Group.IdxX & 1), 0);
    }

    /// <summary>Makes the tile that was copied last the current one, once every warp is done with the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Await()
    {
        SharedTiles.WaitForCopies();
        Group.Barrier();
        _current = (2 * Rows * _rowBytes) - _current;
    }

    /// <summary>Rows from <paramref name="row"/> on of the first matrix, lanes by rows; see <see cref="IFlashColumns"/>.</summary>
    public readonly uint FirstByRows(int row) => _byRows + _current + ((uint)row * _rowBytes);

    /// <summary>The same, lanes by columns.</summary>
    public readonly uint FirstByColumns(int row) => _byColumns + _current + ((uint)row * _rowBytes);

    /// <summary><see cref="FirstByRows"/> of the second matrix.</summary>
    public readonly uint SecondByRows(int row) => FirstByRows(row + Rows);

    /// <summary><see cref="FirstByColumns"/> of the second matrix.</summary>
    public readonly uint SecondByColumns(int row) => FirstByColumns(row + Rows);
}
