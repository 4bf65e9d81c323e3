using System.Numerics;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

internal interface IDivision<T>
{
    static abstract T Of(T a, T b);
}

/// <summary>div and rem of integers. By zero the device's result is undefined; here it is a fault.</summary>
internal sealed unsafe class Division<TOp, T>(Register d, Register a, Register b) : Op
    where TOp : IDivision<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(a, active);
        warp.Require(b, active);
        T* x = warp.Values<T>(a);
        T* y = warp.Values<T>(b);
        T* result = warp.Values<T>(d);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            warp.Lane = lane;
            result[lane] = T.IsZero(y[lane])
                ? throw new DeviceFault(FaultKind.Failed, $"{x[lane]} is divided by 0, and the result is undefined")
                : TOp.Of(x[lane], y[lane]);
        }

        warp.Define(d, active);
    }
}
