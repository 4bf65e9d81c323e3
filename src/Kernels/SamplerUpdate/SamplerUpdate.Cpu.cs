namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void SamplerUpdateCore(
        Tensor output,
        Tensor guidanceScale,
        int guidedChannels,
        in SamplerPrediction prediction,
        in SamplerTensors states,
        Tensor noise,
        ReadOnlySpan<LinearUpdate> updates,
        Tensor guided)
    {
        RequireOwn(
            nameof(SamplerUpdate), DType.F32, output, guidanceScale, noise, states.X, states.U, states.H1, states.H2, states.H3, states.X0, guided);
        SamplerTensors read = states.Read(prediction, updates);
        var targets = new Tensor[updates.Length];
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] = states[updates[i].Target];
        }

        long bytes = SamplerUpdateBytes(output, read, updates, guided, states[prediction.Input].Shape.Count);
        Enqueue(new SamplerUpdateArguments(
            output, guidanceScale, guidedChannels, prediction, read, UsesNoise(updates) ? noise : default, [.. updates], targets, guided, bytes));
    }
}
