using L2c.Kernels;
using L2c.Model.Samplers;

namespace L2c.Model.Tests.Samplers;

/// <summary>Runs a table with a network that is a formula: it answers on the host, everything else is the device's op.</summary>
internal static class TableRunner
{
    /// <summary>Returns x after the last evaluation.</summary>
    /// <param name="table">Uses no noise.</param>
    /// <param name="start">[1,1,1,N].</param>
    /// <param name="eps">Of a value and the time of the evaluation.</param>
    public static float[] Run(SamplerTable table, float[] start, Func<float, float, double> eps)
    {
        using CpuDevice device = new(1);
        (Arena arena, Tensor[] images) = Arena.Carve(
            device, "table", memory => Enumerable.Range(0, 6).Select(_ => memory.Take(DType.F32, 1, 1, 1, start.Length)).ToArray());
        using (arena)
        {
            SamplerTensors states = new(images[0], images[1], images[2], images[3], images[4]);
            float[] values = [.. start];
            device.Upload(states.X, values);
            foreach (SamplerEvaluation row in table.Evaluations)
            {
                device.Download(states[row.Prediction.Input], values);
                device.Upload(images[5], Array.ConvertAll(values, value => (float)eps(value, row.Time)));
                device.SamplerUpdate(images[5], default, 0, row.Prediction, states, default, row.Updates);
            }

            device.Download(states.X, values);
            return values;
        }
    }
}
