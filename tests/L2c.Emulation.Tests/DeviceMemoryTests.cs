namespace L2c.Emulation.Tests;

public sealed unsafe class DeviceMemoryTests : IDisposable
{
    private readonly DeviceMemory _memory = new();

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void What_was_written_is_read()
    {
        ulong a = _memory.Allocate(1024), b = _memory.Allocate(3 << 20);
        *(uint*)_memory.Write(a + 1020, 4) = 0xDEADBEEF;
        *(ulong*)_memory.Write(b + (2 << 20), 8) = 42;
        Assert.Equal(0xDEADBEEF, *(uint*)_memory.Read(a + 1020, 4));
        Assert.Equal(42UL, *(ulong*)_memory.Read(b + (2 << 20), 8));
        Assert.Equal(0xDE, *_memory.ReadRange(a + 1023, 1));
    }

    [Fact]
    public void Addresses_promise_256_bytes_and_no_more()
    {
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(256UL, _memory.Allocate(1000 * i + 1) % 512);
        }
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1024, 1)]
    [InlineData(1020, 8)]
    [InlineData(1 << 20, 4)]
    public void An_access_outside_faults(int offset, int bytes)
    {
        ulong a = _memory.Allocate(1024);
        _ = _memory.Allocate(1024);
        _ = _memory.WriteRange(a, 1024);
        ulong at = (ulong)((long)a + offset);
        foreach (Action access in new Action[] { () => _memory.ReadRange(at, bytes), () => _memory.WriteRange(at, bytes) })
        {
            Assert.Equal(FaultKind.OutOfBounds, Assert.Throws<DeviceFault>(access).Kind);
        }
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(8UL)]
    [InlineData(ulong.MaxValue)]
    public void An_address_that_nobody_gave_faults(ulong address) =>
        Assert.Equal(FaultKind.OutOfBounds, Assert.Throws<DeviceFault>(() => _memory.Write(address & ~3UL, 4)).Kind);

    [Fact]
    public void A_range_that_wraps_around_faults()
    {
        ulong a = _memory.Allocate(1024);
        Assert.Equal(FaultKind.OutOfBounds, Assert.Throws<DeviceFault>(() => _memory.WriteRange(a, -1)).Kind);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void A_misaligned_access_faults(int bytes)
    {
        ulong a = _memory.Allocate(1024);
        Assert.Equal(FaultKind.Misaligned, Assert.Throws<DeviceFault>(() => _memory.Write(a + (ulong)bytes / 2, bytes)).Kind);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void A_read_of_one_byte_too_few_written_faults(int bytes)
    {
        ulong a = _memory.Allocate(1024);
        for (int hole = 0; hole < bytes; hole++)
        {
            ulong at = a + (ulong)(hole * bytes);
            for (int i = 0; i < bytes; i++)
            {
                if (i != hole)
                {
                    _ = _memory.Write(at + (ulong)i, 1);
                }
            }

            Assert.Equal(FaultKind.Uninitialised, Assert.Throws<DeviceFault>(() => _memory.Read(at, bytes)).Kind);
            Assert.Equal(FaultKind.Uninitialised, Assert.Throws<DeviceFault>(() => _memory.ReadRange(at, bytes)).Kind);
            _ = _memory.Write(at + (ulong)hole, 1);
            _ = _memory.Read(at, bytes);
        }
    }

    [Fact]
    public void Freed_memory_faults_and_is_not_given_again()
    {
        ulong a = _memory.Allocate(64);
        _ = _memory.Write(a, 4);
        Assert.Equal([(a, 64L)], _memory.Allocations);
        Assert.Equal(64, _memory.AllocatedBytes);
        Assert.False(_memory.Free(a + 4));
        Assert.True(_memory.Free(a));
        Assert.False(_memory.Free(a));
        Assert.Empty(_memory.Allocations);
        Assert.Equal(0, _memory.AllocatedBytes);
        Assert.NotEqual(a, _memory.Allocate(64));
        Assert.Equal(FaultKind.Freed, Assert.Throws<DeviceFault>(() => _memory.Read(a, 4)).Kind);
    }

    [Fact]
    public void A_fault_says_where()
    {
        ulong a = _memory.Allocate(1024);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => _memory.Write(a + 1032, 8)).At("gemm", 12, "block (0,0,0) thread (3,0,0)");
        Assert.Equal(
            $"gemm, PTX line 12, block (0,0,0) thread (3,0,0): write of 8 bytes at {a + 1032:x}, "
            + $"16 bytes past the end of allocation {a:x} of 1024 bytes",
            fault.Message);
    }
}
