using System.Buffers.Binary;
using L2c.Testing.Files;

namespace L2c.Weights.Tests;

public class StridedReaderTests
{
    public static TheoryData<long, long[], long[]> Views => new()
    {
        { 0, [40, 50], [1, 40] },
        { 3, [7, 5, 4], [2, 60, 14] },
        { 1, [4, 3, 2, 5], [30, 0, 1, 6] },
        { 0, [3, 1, 4], [1, 999, 3] },
        { 5, [6], [7] },
        { 9, [4, 4], [0, 0] },
        { 0, [2, 2, 3], [1000, 17, 300] },
    };

    [Theory]
    [MemberData(nameof(Views))]
    public void Any_range_of_a_view_equals_indexing_by_hand(long offset, long[] size, long[] stride)
    {
        const int Count = 2000;
        byte[] storage = new byte[Count * sizeof(int)];
        for (int i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(storage.AsSpan(i * sizeof(int)), i);
        }

        byte[] pickle = new PickleBuilder().Tensor("0", "IntStorage", Count, offset, size, stride).Stop();
        using TensorFile file = Reading.Open(FileBytes.TorchZip(pickle, storage));
        TensorInfo tensor = file.Find("tensor")!;
        int[] expected = ByHand(offset, size, stride);
        Random random = new(3);
        for (int trial = 0; trial < 200; trial++)
        {
            int first = random.Next(expected.Length), length = random.Next(1, expected.Length - first + 1);
            byte[] bytes = new byte[length * sizeof(int)];
            file.ReadBytes(tensor, first, bytes);
            Assert.Equal(expected.AsSpan(first, length), Integers(bytes));
        }
    }

    [Fact]
    public void A_transposed_matrix_of_several_windows_is_read_whole_and_its_storage_at_most_three_times()
    {
        const int Rows = 3000, Columns = 700;
        byte[] storage = new byte[Rows * Columns * sizeof(int)];
        for (int i = 0; i < Rows * Columns; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(storage.AsSpan(i * sizeof(int)), i);
        }

        byte[] pickle = new PickleBuilder().Tensor("0", "IntStorage", Rows * Columns, 0, [Columns, Rows], [1, Columns]).Stop();
        CountedSource source = new(FileBytes.TorchZip(pickle, storage));
        using TensorFile file = TensorFiles.Open(source);
        long opened = source.BytesRead;
        ReadOnlySpan<int> read = Integers(file.Bytes("tensor"));
        Assert.InRange(source.BytesRead - opened, 2L * storage.Length, 3L * storage.Length); // for its checksum, and window by window
        for (int column = 0; column < Columns; column += 13)
        {
            for (int row = 0; row < Rows; row += 17)
            {
                Assert.Equal((row * Columns) + column, read[(column * Rows) + row]);
            }
        }
    }

    [Fact]
    public void A_view_whose_strides_overlap_in_a_small_storage_is_read_with_one_fetch()
    {
        // 20 axes of two elements each jump 36 KiB to and fro, a million times.
        const int Stride = 36 * 1024, Count = 20;
        byte[] storage = new byte[(Count * Stride) + 1];
        new Random(2).NextBytes(storage);
        CountedSource source = new(FileBytes.TorchZip(JumpingView(storage.Length, Count, Stride), storage));
        using TensorFile file = TensorFiles.Open(source);
        byte[] read = file.Bytes("tensor");
        Assert.Equal(1 << Count, read.Length);
        Assert.InRange(source.BytesRead, storage.Length, 4 * storage.Length);
        for (int i = 0; i < read.Length; i += 997)
        {
            Assert.Equal(storage[System.Numerics.BitOperations.PopCount((uint)i) * Stride], read[i]);
        }
    }

    [Fact]
    public void A_view_whose_strides_overlap_in_a_large_storage_is_refused_when_it_has_fetched_too_much()
    {
        const int Stride = 400_000, Count = 21;
        byte[] storage = new byte[(Count * Stride) + 1];
        CountedSource source = new(FileBytes.TorchZip(JumpingView(storage.Length, Count, Stride), storage));
        using TensorFile file = TensorFiles.Open(source);
        Assert.Contains("views that jump about", Assert.Throws<MalformedFileException>(() => file.Bytes("tensor")).Message);
        Assert.InRange(source.BytesRead, 0, ReadLimits.FreeFetchBytes + (ReadLimits.FetchRatio << Count) + (4L * storage.Length));
    }

    [Fact]
    public void Axes_of_one_element_cost_nothing_and_a_view_of_single_columns_fetches_little()
    {
        const int Rows = 200, Columns = 50_000;
        byte[] storage = new byte[Rows * Columns];
        for (int row = 0; row < Rows; row++)
        {
            storage[row * Columns] = (byte)row;
        }

        byte[] pickle = new PickleBuilder().Tensor("0", "ByteStorage", storage.Length, 0, [1, Rows, 1, 1], [7, Columns, 5, 3]).Stop();
        CountedSource source = new(FileBytes.TorchZip(pickle, storage));
        using TensorFile file = TensorFiles.Open(source);
        long opened = source.BytesRead;
        Assert.Equal(Enumerable.Range(0, Rows).Select(row => (byte)row), file.Bytes("tensor"));
        Assert.InRange(source.BytesRead - opened - storage.Length, 0, (Rows * 4096L) + (64 * 1024)); // beside the checksum's, a page for each and one window for the first
    }

    private static byte[] JumpingView(int length, int axes, int stride) => new PickleBuilder()
        .Tensor("0", "ByteStorage", length, 0, [.. Enumerable.Repeat(2L, axes)], [.. Enumerable.Repeat((long)stride, axes)]).Stop();

    private static ReadOnlySpan<int> Integers(byte[] bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(bytes);

    private static int[] ByHand(long offset, long[] size, long[] stride)
    {
        IEnumerable<long> places = [offset];
        for (int axis = 0; axis < size.Length; axis++)
        {
            (long extent, long step) = (size[axis], stride[axis]);
            places = places.SelectMany(place => Enumerable.Range(0, (int)extent).Select(i => place + (i * step)));
        }

        return [.. places.Select(place => (int)place)];
    }
}
