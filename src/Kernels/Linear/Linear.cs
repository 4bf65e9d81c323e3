namespace L2c.Kernels;

/// <summary>What a linear map applies to its result before storing it.</summary>
public enum Activation
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>x / (1 + exp(-x)).</summary>
    Silu,
    /// <summary>GELU in its tanh form, as DiT uses: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    GeluTanh,
    /// <summary>GELU exactly, as U-ViT uses: x/2 (1 + erf(x / sqrt 2)).</summary>
    GeluErf,
    /// <summary>max(x, 0); NaN stays NaN.</summary>
    Relu,
}

public abstract partial class Device
{
    /// <summary>y[m,n] = act(sum_k x[m,k] W[n,k] + bias[n]), or with <paramref name="accumulates"/>
    /// y[m,n] = act(y[m,n] + sum_k x[m,k] W[n,k] + bias[n]).</summary>
    /// <param name="x">[.., K], any row stride.</param>
    /// <param name="weight">N x K.</param>
    /// <param name="bias">[N], or none.</param>
    /// <param name="y">[.., N], any row stride, as many rows as x; must not overlap x.</param>
    /// <param name="activation">Applied in the epilogue.</param>
    /// <param name="accumulates">Whether the product is added to what y holds, as the second of two inputs that a map takes side by side
    /// (<see cref="Matrix.SliceInputs"/>), or a gradient to those of other readers.</param>
    /// <remarks>
    /// Numbers  accumulates in fp32. CPU: one chain over k from the bias, or from y (the bias then comes last), so a row's result does not depend on M,
    ///          and a product in two parts has the bits of the whole. CUDA: the library chooses by shape; y is rounded between two parts.
    /// Traffic  M K + N K + M N elements, and another M N when it accumulates.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void Linear(Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation = Activation.None, bool accumulates = false)
    {
        Require(x.Columns == weight.Inputs, nameof(Linear), $"x {x.Shape} does not match weight [{weight.Outputs}, {weight.Inputs}] (K must agree)");
        Require(y.Columns == weight.Outputs, nameof(Linear), $"y {y.Shape} does not match weight [{weight.Outputs}, {weight.Inputs}] (N must agree)");
        Require(x.Rows == y.Rows, nameof(Linear), $"x {x.Shape} does not match y {y.Shape} (rows must agree)");
        Require(bias.IsNone || bias.Shape.Count == weight.Outputs, nameof(Linear), $"bias {bias.Shape} does not match weight [{weight.Outputs}, {weight.Inputs}] (N must agree)");
        LinearCore(x, weight, bias, y, activation, accumulates);
    }

    /// <summary>The device's form of <see cref="Linear"/>; shapes have been checked.</summary>
    protected abstract void LinearCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Activation activation, bool accumulates);
}
