using L2c.Kernels;

namespace L2c.Model;

/// <summary>Linear maps of one input, stored under names of their own and kept as one matrix, so that one product computes any neighbouring
/// outputs.</summary>
/// <param name="Weight">[out of all, in] in the device's layout.</param>
/// <param name="Bias">[out of all].</param>
/// <param name="Trained">What training the maps needs, in the order of their outputs; empty where they are frozen.</param>
internal sealed record LinearStack(Matrix Weight, Tensor Bias, List<TrainedMap> Trained)
{
    /// <summary>Some outputs as a linear map.</summary>
    public LinearWeights Outputs(int first, int count) => new(Weight.SliceOutputs(first, count), Bias.SliceColumns(first, count));

    /// <summary>Enqueues writing the trained values into the layouts that <see cref="Device.Linear"/> reads.</summary>
    public void Pack(Device device)
    {
        foreach (TrainedMap map in Trained)
        {
            device.PackMatrix(map.Values, Weight, map.First);
            device.Activate(map.Bias, Bias.SliceColumns(map.First, map.Bias.Columns), Activation.None); // a copy
            foreach (LinearWeights part in map.Parts)
            {
                device.PackTransposed(part.Trained!.Values, part.Transposed);
            }
        }
    }
}

/// <summary>One map of a <see cref="LinearStack"/> in training.</summary>
/// <param name="First">Its first output in the stack.</param>
/// <param name="Values">[out, in] F32.</param>
/// <param name="Bias">[out] F32.</param>
/// <param name="Parts">Its outputs in ranges, for <see cref="LinearWeights.Backward"/>.</param>
internal sealed record TrainedMap(int First, Tensor Values, Tensor Bias, LinearWeights[] Parts);
