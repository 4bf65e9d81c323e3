namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ConvolutionCore(Tensor x, Matrix weight, Tensor bias, Tensor y, Window window, Activation activation, bool accumulates)
    {
        RequireOwn(nameof(Convolution), DType.F32, x, bias, y);
        RequireOwn(nameof(Convolution), weight);
        Enqueue(new ConvolutionArguments(new LinearArguments(x, weight, bias, y, activation, accumulates), window));
    }

    /// <summary>A linear map of the windows of an image.</summary>
    private readonly record struct ConvolutionArguments(LinearArguments Map, Window Window) : ICpuOpArguments
    {
        /// <inheritdoc/>
        public CpuOp Bind<V>(int threads)
            where V : unmanaged, IFloats<V> => new LinearOp<V, WindowRows>(Map, new WindowRows(Map.X, Window), threads);
    }
}
