namespace L2c.Kernels.Tests;

public sealed class CpuDeviceTests
{
    [Fact]
    public void The_name_tells_vectors_and_threads()
    {
        using CpuDevice one = new(1, InstructionSet.Portable), many = new(3, InstructionSet.Portable), all = new();
        Assert.Equal("cpu (portable, 1 thread)", one.Name);
        Assert.Equal("cpu (portable, 3 threads)", many.Name);
        Assert.Equal(Environment.ProcessorCount, all.Threads);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuDevice(-1));
    }

    [Fact]
    public void Transfers_follow_row_strides_and_convert_integers()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor tensor = bench.Put([1, 2, 3, 4, 5, 6], 2, 3);
        Assert.Equal([2, 3, 5, 6], bench.Get(tensor.SliceColumns(1, 2)));
        Assert.Equal([4, 5, 6], bench.Get(tensor.SliceRows(1, 1)));
        Assert.Equal([7, -8], bench.Get(bench.Put([7, -8])));
    }

    [Fact]
    public void Transfers_of_the_wrong_size_or_type_are_refused()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        using var other = new Workbench(nameof(InstructionSet.Portable));
        Tensor tensor = bench.Take(2, 3);
        Assert.Throws<ArgumentException>(() => bench.Device.Upload(tensor, new float[5]));
        Assert.Throws<ArgumentException>(() => bench.Device.Upload(tensor.SliceColumns(0, 2), new float[4]));
        Assert.Throws<ArgumentException>(() => bench.Device.Upload(tensor, new int[6]));
        Assert.Throws<ArgumentException>(() => bench.Device.Download(tensor, new float[7]));
        Assert.Throws<ArgumentException>(() => other.Device.Upload(tensor, new float[6]));
    }

    [Fact]
    public void Ops_refuse_other_types_and_other_devices()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        using var other = new Workbench(nameof(InstructionSet.Portable));
        (Arena arena, Tensor half) = Arena.Carve(bench.Device, "half", a => a.Take(DType.F16, 1, 2, 4));
        using (arena)
        {
            Tensor y = bench.Take(1, 2, 4), foreign = other.Take(1, 2, 4);
            Matrix weight = other.PutMatrix(new float[16], 4, 4);
            Assert.Throws<ArgumentException>(() => bench.Device.ResidualNorm(half, [], y, Norm.None, default));
            Assert.Throws<ArgumentException>(() => bench.Device.ResidualNorm(foreign, [], y, Norm.None, default));
            Assert.Throws<ArgumentException>(() => bench.Device.Linear(y, weight, default, y));
        }
    }

    [Fact]
    public void Nothing_else_happens_while_recording()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        CpuDevice device = bench.Device;
        Tensor x = bench.Take(1, 1, 2);
        Matrix weight = bench.PutMatrix(new float[4], 2, 2);
        using OpSequence empty = device.Capture(() => { });
        Assert.Empty(empty.Ops);
        foreach (Action forbidden in (Action[])[
            () => device.Upload(x, new float[2]),
            () => device.Download(x, new float[2]),
            () => device.WriteMatrix(weight, 0, new float[4]),
            () => device.Capture(() => { }),
            device.Synchronize])
        {
            Assert.Throws<InvalidOperationException>(() => device.Capture(forbidden));
        }

        using OpSequence one = device.Capture(() => device.ResidualNorm(x, [], x, Norm.None, default));
        Assert.Single(one.Ops);
        Assert.Throws<InvalidOperationException>(() => device.Capture(one.Run));
        one.Run(); // a failed recording leaves the device usable
    }

    [Fact]
    public void A_disposed_sequence_or_device_does_not_run()
    {
        var device = new CpuDevice(2);
        (Arena arena, Tensor x) = Arena.Carve(device, "test", a => a.Take(DType.F32, 1, 1, 2));
        OpSequence sequence = device.Capture(() => device.ResidualNorm(x, [], x, Norm.None, default)), other = device.Capture(() => device.ResidualNorm(x, [], x, Norm.None, default));
        sequence.Dispose();
        Assert.Throws<ObjectDisposedException>(sequence.Run);
        device.Dispose();
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(other.Run);
        Assert.Throws<ObjectDisposedException>(() => device.ResidualNorm(x, [], x, Norm.None, default));
        arena.Dispose();
        Assert.Equal(0, device.AllocatedBytes);
    }

    [Fact]
    public void Ops_know_their_work()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        CpuDevice device = bench.Device;
        Tensor x = bench.Take(2, 5, 12), y = bench.Take(2, 5, 4);
        Matrix weight = bench.PutMatrix(new float[48], 4, 12);
        using OpSequence sequence = device.Capture(() =>
        {
            device.Linear(x, weight, default, y);
            device.Attention(x, y, 2);
            device.ResidualNorm(y, [new(y)], y, Norm.None, default);
        });
        IReadOnlyList<OpInfo> ops = sequence.Ops;
        Assert.Equal(["Linear", "Attention", "ResidualNorm"], ops.Select(op => op.Name));
        Assert.Equal([2 * 10 * 4 * 12, 2 * 2 * (2 * 5 * 5 * 4), 0], ops.Select(op => op.Flops));
        Assert.Equal([4 * (120 + 48 + 40), 4 * (120 + 40), 4 * 3 * 40], ops.Select(op => op.Bytes));
    }
}
