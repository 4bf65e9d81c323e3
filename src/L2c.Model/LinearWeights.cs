using L2c.Kernels;

namespace L2c.Model;

/// <summary>A linear map's weight and bias.</summary>
/// <param name="Weight">[out, in] in the device's layout.</param>
/// <param name="Bias">[out].</param>
/// <param name="Transposed">[in, out], for dx = dy W; none where no input gradient is wanted.</param>
/// <param name="Trained">What training the map itself needs; null where it is frozen.</param>
internal readonly record struct LinearWeights(Matrix Weight, Tensor Bias, Matrix Transposed = default, TrainedLinear? Trained = null)
{
    /// <summary>Whether an input gradient can be computed.</summary>
    public bool HasTransposed => Transposed.Device is not null;

    /// <summary>Enqueues the map's backward pass: its own gradients if it is trained, and the input's if wanted.</summary>
    /// <param name="device">Where ops go.</param>
    /// <param name="dy">[.., out].</param>
    /// <param name="x">[.., in]: the map's input; read only if the map is trained.</param>
    /// <param name="dx">[.., in]; none where nothing before needs a gradient.</param>
    public void Backward(Device device, Tensor dy, Tensor x, Tensor dx)
    {
        if (Trained is not null)
        {
            device.LinearWeightGradient(dy, x, Trained.WeightGradient);
            device.ColumnSums(dy, Trained.BiasGradient);
        }

        if (!dx.IsNone)
        {
            device.Linear(dy, Transposed, default, dx);
        }
    }

    /// <summary>Enqueues writing the trained values into the layouts that <see cref="Device.Linear"/> reads.</summary>
    public void Pack(Device device)
    {
        device.PackMatrix(Trained!.Values, Weight);
        if (HasTransposed)
        {
            device.PackTransposed(Trained.Values, Transposed);
        }
    }
}

/// <summary>The parts of <see cref="Training.TrainedParameters"/> that belong to one linear map.</summary>
/// <param name="Values">[out, in] F32, row-major.</param>
/// <param name="WeightGradient">[out, in] F32.</param>
/// <param name="BiasGradient">[out] F32.</param>
internal sealed record TrainedLinear(Tensor Values, Tensor WeightGradient, Tensor BiasGradient);
