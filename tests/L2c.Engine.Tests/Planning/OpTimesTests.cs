using L2c.Kernels;

namespace L2c.Engine.Tests.Planning;

public sealed class OpTimesTests
{
    private static readonly OpTimes _times = new(
    [
        (Op("Linear", branch: 0, flops: 100, bytes: 7), 3),
        (Op("Linear", branch: 2, flops: 100, bytes: 7), 5), // the same op of another block
        (Op("Linear", branch: 1, flops: 300, bytes: 7), 8),
        (Op("ResidualNorm", branch: 0, flops: 0, bytes: 20), 3),
        (Op("ResidualNorm", branch: -1, flops: 0, bytes: 60), 7),
        (Op("Patchify", branch: -1, flops: 0, bytes: 10), 2),
    ]);

    [Fact]
    public void What_was_measured_takes_its_mean_and_what_was_not_lies_on_the_line_of_its_name()
    {
        Assert.Equal(4, _times.Of(Op("Linear", 4, 100, 7)));
        Assert.Equal(8, _times.Of(Op("Linear", 1, 300, 7)));
        Assert.Equal(6, _times.Of(Op("Linear", 0, 200, 7)), 9); // between 4 and 8, by operations
        Assert.Equal(4, _times.Of(Op("ResidualNorm", 0, 0, 30)), 9); // 1 + bytes / 10
        Assert.Equal(0.1, _times.PerByte("ResidualNorm"), 9);
        Assert.Equal(1, _times.Of(Op("Patchify", -1, 0, 5)), 9); // of one size, in proportion
        Assert.Equal(4 + 4 + 8, _times.Of([Op("Linear", 4, 100, 7), Op("Linear", 6, 100, 7), Op("Linear", 1, 300, 7)]));
        Assert.Throws<ArgumentException>(() => _times.Of(Op("Attention", 0, 1, 1)));
    }

    [Fact]
    public void No_op_takes_less_than_nothing()
    {
        OpTimes falling = new([(Op("Pool", 0, 0, 10), 5), (Op("Pool", 0, 0, 20), 4)]);
        OpTimes steep = new([(Op("Pool", 0, 0, 10), 1), (Op("Pool", 0, 0, 20), 9)]);
        Assert.Equal(4.5, falling.Of(Op("Pool", 0, 0, 100)), 9);
        Assert.True(steep.Of(Op("Pool", 0, 0, 1)) > 0);
    }

    private static OpInfo Op(string name, int branch, long flops, long bytes) => new(name, new OpScope(0, branch), flops, bytes);
}
