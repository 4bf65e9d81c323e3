using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>Whether the library's activation is that of the kernels here. Nobody documents GELU's formula, and a coarse tanh or the exact form would
/// change images; nor whether ReLU keeps NaN, and a maximum of the hardware would make it 0, a plausible value.</summary>
/// <remarks>
/// A product with the identity passes values from -8 to 8 through the epilogue, and a bias of NaN in the last column. They have 8 significant bits,
/// so they are exact in every storage type and in tf32, and all error is that of the formula and one rounding. Tolerance: an ulp of the storage type,
/// and 2^-20 for what 1 + tanh cancels in fp32. The hardware's tanh is off by 7e-4 at -3, where the result is -0.004; the exact form by 5e-4 at
/// -2.7.
/// </remarks>
internal static unsafe class FusedActivation
{
    private const int Side = 64;
    private const float Last = 8;
    private const double Absolute = 1.0 / (1 << 20);

    private static readonly double _scale = Math.Sqrt(2 / Math.PI);

    /// <summary>Runs one small product and waits for it: not during a capture. False where the library has no algorithm for it.</summary>
    /// <param name="driver">The driver, with a current context.</param>
    /// <param name="planner">The library.</param>
    /// <param name="activation">GELU (tanh) or ReLU.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="compute">How products are made.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="CudaException">The device fails.</exception>
    /// <exception cref="CublasLtException">The library fails.</exception>
    public static bool IsOurs(
        ICudaDriver driver, MatmulPlanner planner, Activation activation, DType type, cublasComputeType_t compute, CUstream stream)
    {
        MatmulEpilogue epilogue = activation == Activation.Relu ? MatmulEpilogue.ReluBias : MatmulEpilogue.GeluTanhBias;
        var shape = new MatmulShape(Side, Side, Side, Side, Side, type, compute, epilogue);
        if (!planner.TryPlan(shape, out MatmulPlan? plan))
        {
            return false;
        }

        float[] x = new float[Side * Side], identity = new float[Side * Side], y = new float[Side * Side];
        float[] bias = new float[Side];
        bias[^1] = float.NaN;
        for (int i = 0; i < x.Length; i++)
        {
            float value = Last * ((2 * (i + 0.5f) / x.Length) - 1);
            x[i] = BitConverter.UInt32BitsToSingle((uint)HostConversion.ToBFloat16(value) << 16);
            identity[i] = i / Side == i % Side ? 1 : 0;
        }

        using var scratch = new MatmulScratch(driver, shape, stream);
        byte[] staged = new byte[x.Length * type.Size()];
        Upload(scratch.X, x);
        Upload(scratch.Weight, identity);
        Upload(scratch.Bias, bias);
        plan.Enqueue(scratch.X, scratch.Weight, scratch.Bias, scratch.Y, stream);
        fixed (byte* host = staged)
        {
            driver.Check(driver.cuMemcpyDtoHAsync_v2((nint)host, scratch.Y, (nuint)staged.Length, stream));
            driver.Check(driver.cuStreamSynchronize(stream));
            HostConversion.ToFloats(type, host, y);
        }

        double ulp = 1.0 / (1 << (type == DType.BF16 ? 7 : type == DType.F16 ? 10 : 23));
        for (int i = 0; i < x.Length; i++)
        {
            double exact = activation == Activation.Relu ? Math.Max(x[i], 0)
                : x[i] / 2 * (1 + Math.Tanh(_scale * (x[i] + (0.044715 * Math.Pow(x[i], 3)))));
            bool isNaN = float.IsNaN(bias[i % Side]);
            if (isNaN ? !float.IsNaN(y[i]) : !(Math.Abs(y[i] - exact) <= (ulp * Math.Abs(exact)) + Absolute))
            {
                return false;
            }
        }

        return true;

        void Upload(CUdeviceptr destination, float[] values)
        {
            fixed (byte* host = staged)
            {
                HostConversion.FromFloats(type, values, host);
                driver.Check(driver.cuMemcpyHtoDAsync_v2(destination, (nint)host, (nuint)(values.Length * type.Size()), stream));
                driver.Check(driver.cuStreamSynchronize(stream));
            }
        }
    }
}
