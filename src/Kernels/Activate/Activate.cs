namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>y[m,n] = act(x[m,n]): an activation apart from its linear map, where the value before it is kept for the backward pass.</summary>
    /// <param name="x">[.., N], any row stride.</param>
    /// <param name="y">As many rows and columns, any row stride; may be x.</param>
    /// <param name="activation">Which; the same function, to the last bit on the CPU, as in the epilogue of <see cref="Linear"/>.</param>
    /// <remarks>Traffic  2 M N elements.</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Activate(Tensor x, Tensor y, Activation activation)
    {
        Require(x.Rows == y.Rows && x.Columns == y.Columns, nameof(Activate), $"x {x.Shape} does not match y {y.Shape}");
        ActivateCore(x, y, activation);
    }

    /// <summary>dx[m,n] = dy[m,n] act'(x[m,n]): the gradient of <see cref="Activate"/>.</summary>
    /// <param name="dy">[.., N], any row stride.</param>
    /// <param name="x">What the activation was applied to, as many rows and columns, any row stride.</param>
    /// <param name="dx">As many rows and columns, any row stride; may be dy.</param>
    /// <param name="activation">Which.</param>
    /// <remarks>Traffic  3 M N elements.</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void ActivateBackward(Tensor dy, Tensor x, Tensor dx, Activation activation)
    {
        Require(x.Rows == dy.Rows && x.Columns == dy.Columns, nameof(ActivateBackward), $"x {x.Shape} does not match dy {dy.Shape}");
        Require(dx.Rows == dy.Rows && dx.Columns == dy.Columns, nameof(ActivateBackward), $"dx {dx.Shape} does not match dy {dy.Shape}");
        ActivateBackwardCore(dy, x, dx, activation);
    }

    /// <summary>The device's form of <see cref="Activate"/>; shapes have been checked.</summary>
    protected abstract void ActivateCore(Tensor x, Tensor y, Activation activation);

    /// <summary>The device's form of <see cref="ActivateBackward"/>; shapes have been checked.</summary>
    protected abstract void ActivateBackwardCore(Tensor dy, Tensor x, Tensor dx, Activation activation);
}
