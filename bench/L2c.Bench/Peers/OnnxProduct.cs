using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using L2c.Kernels;

namespace L2c.Bench.Peers;

/// <summary>Writes a network of one matrix product for ONNX Runtime: the protocol buffer messages of ONNX that it takes, and no more.</summary>
/// <remarks>Fields are those of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. A weight is a constant, so that it can be packed
/// ahead, as ours is; so is the bias of a forward product.</remarks>
internal static class OnnxProduct
{
    private const int IrVersion = 9, Opset = 20, Float = 1;

    /// <summary>Makes the network.</summary>
    /// <param name="product">What it computes.</param>
    /// <param name="threads">Threads within an op.</param>
    public static OnnxNetwork Create(MatrixProduct product, int threads)
    {
        OnnxInput left = OnnxInput.Noise("left", product.Left.Rows, product.Left.Columns);
        OnnxInput right = OnnxInput.Noise("right", product.Right.Rows, product.Right.Columns);
        OnnxInput[] inputs = product.Form == ProductForm.WeightGradient ? [left, right] : [left];
        return new OnnxNetwork(Write(product), threads, inputs);
    }

    /// <summary>The file's bytes.</summary>
    public static byte[] Write(MatrixProduct product)
    {
        bool isForward = product.Form == ProductForm.Forward, isActivated = product.Activation != Activation.None;
        Message gemm = new Message().Text(1, "left").Text(1, "right");
        if (isForward)
        {
            gemm.Text(1, "bias");
        }

        gemm.Text(2, isActivated ? "product" : "result").Text(4, "Gemm");
        gemm.Nested(5, Attribute("transA", 2).Number(3, product.IsLeftTransposed ? 1 : 0));
        gemm.Nested(5, Attribute("transB", 2).Number(3, product.IsRightTransposed ? 1 : 0));
        Message graph = new Message().Nested(1, gemm).Text(2, "product");
        if (isActivated)
        {
            Message gelu = new Message().Text(1, "product").Text(2, "result").Text(4, "Gelu");
            graph.Nested(1, gelu.Nested(5, Attribute("approximate", 3).Text(4, Approximation(product.Activation))));
        }

        graph.Nested(11, Value("left", product.Left));
        if (product.Form == ProductForm.WeightGradient)
        {
            graph.Nested(11, Value("right", product.Right));
        }
        else
        {
            graph.Nested(5, Constant("right", product.Right.Rows, product.Right.Columns));
        }

        if (isForward)
        {
            graph.Nested(5, Constant("bias", product.N));
        }

        graph.Nested(12, Value("result", product.Result));
        return new Message().Number(1, IrVersion).Nested(8, new Message().Text(1, "").Number(2, Opset)).Nested(7, graph).ToArray();
    }

    private static string Approximation(Activation activation) =>
        activation == Activation.GeluTanh ? "tanh" : throw new ArgumentException($"no op of ONNX for {activation}");

    private static Message Attribute(string name, int type) => new Message().Text(1, name).Number(20, type);

    private static Message Value(string name, MatrixProduct.Extents extents)
    {
        Message shape = new Message().Nested(1, new Message().Number(1, extents.Rows)).Nested(1, new Message().Number(1, extents.Columns));
        return new Message().Text(1, name).Nested(2, new Message().Nested(1, new Message().Number(1, Float).Nested(2, shape)));
    }

    private static Message Constant(string name, params int[] extents)
    {
        Message tensor = new();
        Array.ForEach(extents, extent => tensor.Number(1, extent));
        float[] values = OnnxInput.Values(extents.Aggregate(1, (count, extent) => count * extent));
        return tensor.Number(2, Float).Text(8, name).Bytes(9, MemoryMarshal.AsBytes<float>(values));
    }

    private sealed class Message
    {
        private const int Varint = 0, LengthDelimited = 2;
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Message Number(int field, long value)
        {
            Write((ulong)((field << 3) | Varint));
            Write((ulong)value);
            return this;
        }

        public Message Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

        public Message Nested(int field, Message message) => Bytes(field, message.ToArray());

        public Message Bytes(int field, ReadOnlySpan<byte> bytes)
        {
            Write((ulong)((field << 3) | LengthDelimited));
            Write((ulong)bytes.Length);
            _bytes.Write(bytes);
            return this;
        }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        private void Write(ulong value)
        {
            for (; value > 0x7F; value >>= 7)
            {
                _bytes.Write([(byte)(value | 0x80)]);
            }

            _bytes.Write([(byte)value]);
        }
    }
}
