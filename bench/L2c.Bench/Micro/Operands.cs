using L2c.Kernels;

namespace L2c.Bench.Micro;

/// <summary>Takes an op's operands from an arena and remembers them, to fill them once there is memory.</summary>
internal sealed class Operands(Arena arena)
{
    private readonly List<(Tensor Tensor, float Min, float Max)> _tensors = [];
    private readonly List<(Matrix Matrix, Matrix Transposed)> _matrices = [];

    /// <summary>An fp32 tensor of values between -1 and 1.</summary>
    public Tensor Take(params ReadOnlySpan<int> extents) => TakeBetween(-1, 1, extents);

    /// <summary>An fp32 tensor of values of a range.</summary>
    public Tensor TakeBetween(float least, float most, params ReadOnlySpan<int> extents)
    {
        _tensors.Add((arena.Take(DType.F32, extents), least, most));
        return _tensors[^1].Tensor;
    }

    /// <summary>Integers, all 0: a row of a table, whichever it is.</summary>
    public Tensor TakeRows(int count)
    {
        _tensors.Add((arena.Take(DType.I32, count), 0, 0));
        return _tensors[^1].Tensor;
    }

    /// <summary>A weight, and the same for the gradient of the map's input.</summary>
    public (Matrix Matrix, Matrix Transposed) TakeWeight(int outputs, int inputs)
    {
        Matrix matrix = arena.TakeMatrix(outputs, inputs);
        _matrices.Add((matrix, arena.TakeTransposed(matrix)));
        return _matrices[^1];
    }

    /// <summary>Fills everything that was taken. The values are ordinary ones of either sign: neither subnormals nor infinities, whose arithmetic
    /// some cores do more slowly.</summary>
    public void Fill(Device device)
    {
        Random random = new(1);
        foreach ((Tensor tensor, float least, float most) in _tensors)
        {
            if (tensor.DType == DType.I32)
            {
                device.Upload(tensor, new int[tensor.Shape.Count]);
            }
            else
            {
                device.Upload(tensor, Values((int)tensor.Shape.Count, least, most));
            }
        }

        foreach ((Matrix matrix, Matrix transposed) in _matrices)
        {
            float[] values = Values(matrix.Outputs * matrix.Inputs, -1, 1);
            device.WriteMatrix(matrix, 0, values);
            device.WriteTransposed(transposed, 0, values);
        }

        float[] Values(int count, float least, float most)
        {
            float[] values = new float[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = least + (most - least) * random.NextSingle();
            }

            return values;
        }
    }
}
