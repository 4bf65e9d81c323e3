using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>What gradients of weighted branches on CUDA have of their own.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ResidualBranchBackwardCudaTests
{
    [Fact]
    public void The_last_row_of_gates_serves_the_images_beyond_it_and_one_gate_is_none()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        float[] dx = RandomData.Normal(seed: 191, 3 * 2 * 16), gate = RandomData.Normal(seed: 192, 2 * 16);
        Tensor onDx = bench.Put(dx, 3, 2, 16), few = bench.Take(3, 2, 16), all = bench.Take(3, 2, 16);
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, bench.Put(gate, 2, 16), Weight: 2), few);
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, bench.Put([.. gate, .. gate[16..]], 3, 16), Weight: 2), all);
        Assert.Equal(bench.Get(all), bench.Get(few));
        bench.Device.ResidualTermBackward(onDx, new ResidualTerm(default, Weight: 2), all);
        Assert.Equal(Array.ConvertAll(dx, value => 2 * value), bench.Get(all));
    }

    [Fact]
    public void Bytes_count_what_each_launch_reads_and_writes()
    {
        using CudaWorkbench bench = new(CudaPrecision.BF16);
        Tensor x = bench.Take(2, 3, 4), gate = bench.Take(2, 4), rows = bench.TakeState(6);
        ResidualTerm[] branch = [new(x, gate, Weight: 2), new(x, gate, Joins: true)];
        IReadOnlyList<OpInfo> ops = bench.Device.List(() =>
        {
            bench.Device.ResidualTermBackward(x, branch, [default, new(x)]);
            bench.Device.ResidualTermBackward(x, branch, [new(Slope: 1), new(x)], default, rows);
            bench.Device.ResidualTermBackward(x, branch, [new(x), new(x)], gate);
        });
        Assert.Equal([2 * 48, (3 * 48) + 24, (3 + 3) * 48], ops.Select(op => op.Bytes));
    }
}
