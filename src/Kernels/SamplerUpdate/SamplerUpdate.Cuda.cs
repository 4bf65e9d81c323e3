using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
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
        const string Op = nameof(SamplerUpdate);
        RequireType(Op, DType.F32, output, guidanceScale, noise, states.X, states.U, states.H1, states.H2, states.H3, states.X0, guided);
        Shape shape = states[prediction.Input].Shape;
        int count = RequireInt32(Op, states[prediction.Input]), images = shape[0];
        SamplerTensors read = states.Read(prediction, updates);
        BeginOp(Op, flops: 0, bytes: SamplerUpdateBytes(output, read, updates, guided, count));

        KernelParameters parameters = new(stackalloc byte[320]);
        parameters.Add(Address(output));
        parameters.Add(Address(guidanceScale));
        parameters.Add(Address(guided));
        parameters.Add(output.Shape.Count / output.Shape[0] * images);
        parameters.Add(count);
        parameters.Add(shape[1]);
        parameters.Add(output.Shape[1]);
        parameters.Add(shape[2] * shape[3]);
        parameters.Add(guidedChannels);
        parameters.Add(
            (prediction.Input == SamplerState.U ? SamplerUpdateKernel.ReadsU : 0)
            | (prediction.ClipX0 ? SamplerUpdateKernel.ClipX0 : 0)
            | (prediction.LearnedVariance ? SamplerUpdateKernel.LearnedVariance : 0));
        parameters.Add(prediction.InputToX0);
        parameters.Add(prediction.EpsToX0);
        parameters.Add(prediction.MinLogVariance);
        parameters.Add(prediction.MaxLogVariance);
        parameters.Add(UsesNoise(updates) ? Address(noise) : default);
        foreach (SamplerState state in SamplerTensors.Readable)
        {
            parameters.Add(Address(read[state]));
        }

        for (int k = 0; k < LinearUpdate.MaxCount; k++)
        {
            bool isUsed = k < updates.Length;
            parameters.Add(isUsed ? Address(states[updates[k].Target]) : default);
            parameters.AddNumbers(isUsed ? new SamplerUpdateKernel.Weights(updates[k]) : default);
        }

        Launch(SamplerUpdateKernel.Template, BlocksOf(count, SamplerUpdateKernel.Threads), parameters.Packed);
    }
}
