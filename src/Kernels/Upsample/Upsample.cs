namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>y[b,i,j,c] = x[b, i / F, j / F, c]: every pixel becomes a square of F x F, F = H' / H.</summary>
    /// <param name="x">[B,H,W,C], any row stride.</param>
    /// <param name="y">[B,F H,F W,C], any row stride; must not overlap x.</param>
    /// <remarks>Traffic  B H W C read, F F times as much written.</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Upsample(Tensor x, Tensor y)
    {
        Require(
            x.Shape.Rank == 4 && y.Shape.Rank == 4 && x.Shape[0] == y.Shape[0] && x.Columns == y.Columns && y.Shape[1] % x.Shape[1] == 0
                && y.Shape[2] == y.Shape[1] / x.Shape[1] * x.Shape[2],
            nameof(Upsample),
            $"y {y.Shape} is not [B,F H,F W,C] of x {x.Shape}");
        UpsampleCore(x, y);
    }

    /// <summary>The device's form of <see cref="Upsample"/>; shapes have been checked.</summary>
    protected abstract void UpsampleCore(Tensor x, Tensor y);
}
