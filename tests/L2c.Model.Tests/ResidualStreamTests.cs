using L2c.Kernels;
using L2c.Testing;

namespace L2c.Model.Tests;

public sealed class ResidualStreamTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Terms_are_one_branch_whatever_they_say_and_no_terms_add_nothing(bool fuse)
    {
        using CpuDevice device = new(1);
        (Arena arena, (Tensor[] T, Tensor Gate) taken) = Arena.Carve(
            device, "test", carve => (Enumerable.Range(0, 6).Select(_ => carve.Take(2, 3, 4)).ToArray(), carve.Take(2, 4)));
        using (arena)
        {
            (Tensor[] t, Tensor gate) = taken;
            for (int i = 0; i < 4; i++)
            {
                device.Upload(t[i], RandomData.Normal(seed: 11 + i, 2 * 3 * 4));
            }

            device.Upload(gate, RandomData.Normal(seed: 15, 2 * 4));
            ResidualTerm[] forecast = [new(t[1], gate, Weight: 1.75f), new(t[2], gate, Weight: -0.75f)];
            device.ResidualNorm(t[0], [forecast[0], forecast[1] with { Joins = true }, new(t[3], gate)], t[4], Norm.None, default);

            IReadOnlyList<OpInfo> ops = device.List(Enqueue);
            Assert.Equal(fuse ? 1 : 2, ops.Count);
            Enqueue();
            Assert.Equal(Values(t[4]), Values(t[5]));

            void Enqueue()
            {
                ResidualStream x = new(device, t[0], t[5], fuse);
                x.Add([forecast[0] with { Joins = true }, forecast[1]]);
                x.Add([]);
                x.Add(t[3], gate);
                x.Normalise(Norm.None, default);
            }
        }

        float[] Values(Tensor tensor)
        {
            float[] values = new float[tensor.Shape.Count];
            device.Download(tensor, values);
            return values;
        }
    }
}
