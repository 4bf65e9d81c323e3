namespace L2c.Kernels.Tests;

public sealed class ArenaTests
{
    [Fact]
    public void Carving_counts_first_and_takes_the_same_aligned_tensors()
    {
        using var device = new CpuDevice(1);
        var passes = new List<long>();
        (Arena arena, (Tensor A, Matrix W, Tensor B) carved) = Arena.Carve(device, "test", a =>
        {
            (Tensor, Matrix, Tensor) all = (a.Take(DType.F32, 3, 5), a.TakeMatrix(7, 9), a.Take(DType.I32, 1));
            passes.Add(a.UsedBytes);
            return all;
        });
        using (arena)
        {
            Assert.Equal(2, passes.Count);
            Assert.Equal(passes[0], passes[1]);
            Assert.Equal(passes[1], arena.CapacityBytes);
            Assert.Equal(arena.CapacityBytes, device.AllocatedBytes);
            Assert.Equal(new Shape(3, 5), carved.A.Shape);
            Assert.All((nint[])[carved.A.Address, carved.W.Address, carved.B.Address], address => Assert.Equal(0, address % Arena.AlignmentBytes));
            Assert.True(carved.W.Address - carved.A.Address >= 3 * 5 * 4, "tensors overlap");
            Assert.True(carved.B.Address - carved.W.Address >= 7 * 9 * 4, "tensors overlap");
        }
    }

    [Fact]
    public void Asking_for_more_than_was_counted_is_refused_and_leaks_nothing()
    {
        using var device = new CpuDevice(1);
        int pass = 0;
        InvalidOperationException refusal = Assert.Throws<InvalidOperationException>(() => Arena.Carve(device, "cache", a => a.Take(DType.F32, 1000 * ++pass)));
        Assert.StartsWith("arena cache: 8192 bytes asked for, 4096 bytes were counted", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, device.AllocatedBytes);
    }

    [Fact]
    public void Asking_for_less_than_was_counted_is_refused_and_leaks_nothing()
    {
        using var device = new CpuDevice(1);
        int pass = 2;
        Assert.Throws<InvalidOperationException>(() => Arena.Carve(device, "cache", a => a.Take(DType.F32, 1000 * pass--)));
        Assert.Equal(0, device.AllocatedBytes);
    }

    [Fact]
    public void Memory_is_given_back_once()
    {
        using var device = new CpuDevice(1);
        (Arena first, _) = Arena.Carve(device, "first", a => a.Take(DType.F32, 100));
        (Arena second, _) = Arena.Carve(device, "second", a => a.Take(DType.F32, 200));
        Assert.Equal(512 + 1024, device.AllocatedBytes);
        first.Dispose();
        first.Dispose();
        Assert.Equal(1024, device.AllocatedBytes);
        second.Dispose();
        Assert.Equal(0, device.AllocatedBytes);
    }

    [Fact]
    public void Nothing_is_carved_from_memory_that_was_freed()
    {
        using CpuDevice device = new(1);
        (Arena arena, _) = Arena.Carve(device, "test", a => a.Take(DType.F32, 4));
        Assert.False(arena.IsDisposed);
        arena.Dispose();
        Assert.True(arena.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => arena.Take(DType.F32, 4));
    }
}
