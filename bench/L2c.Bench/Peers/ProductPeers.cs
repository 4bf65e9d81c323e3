using L2c.Kernels;

namespace L2c.Bench.Peers;

/// <summary>OpenBLAS and ONNX Runtime beside the products of a linear map, in the same rounds.</summary>
/// <param name="device">Ours; the peers compute on as many threads.</param>
internal sealed class ProductPeers(CpuDevice device)
{
    /// <summary>Their columns.</summary>
    public static readonly string[] Header =
        ["OpenBLAS GFLOP/s", "ours / OpenBLAS", "ONNX Runtime GFLOP/s", "ours / ONNX Runtime"];

    private readonly OpenBlas? _openBlas = OpenBlas.TryLoad(device.Threads);

    /// <summary>Rows of the certificate.</summary>
    public (string, string)[] Certificate =>
    [
        ("OpenBLAS", _openBlas is null ? "not found" : $"{_openBlas.Version}, kernels of {_openBlas.Core}, {Threads(_openBlas.Threads)}"),
        ("ONNX Runtime", $"{OnnxNetwork.Version}, CPU provider, {Threads(device.Threads)}"),
    ];

    /// <summary>How to read the columns.</summary>
    public string Reading
    {
        get
        {
            const string reading = "Peers run in turn with ours; ratios of speed, above 1 where ours is faster, are taken round by round. OpenBLAS: its "
                + "sgemm of the same matrices in rows, without bias. ONNX Runtime: a network of one Gemm (and Gelu) whose weight is a constant, so that it is "
                + "packed ahead.";
            return _openBlas is null
                ? reading + " **OpenBLAS was not found**, so nothing is compared with it; on Debian: apt-get install libopenblas0-pthread."
                : reading + CoreWarning(_openBlas);
        }
    }

    /// <summary>Prepares the peers of a product.</summary>
    /// <param name="product">Null where they have no such op.</param>
    public Entry Enter(MatrixProduct? product) => product is null
        ? new Entry(null, null)
        : new Entry(
            product.Activation == Activation.None ? _openBlas?.Prepare(product) : null, OnnxProduct.Create(product, device.Threads));

    private static string Threads(int count) => $"{count} {(count == 1 ? "thread" : "threads")}";

    // OpenBLAS chooses by the processor's model, which an older release may not know; L2C_ISA limits ours alone.
    private string CoreWarning(OpenBlas openBlas)
    {
        (int ours, string core) = device.Isa switch
        {
            "AVX-512" => (16, "SkylakeX"),
            "AVX2" => (8, "Haswell"),
            _ => (4, "Nehalem"),
        };
        return openBlas.VectorWidth == ours ? ""
            : $" **OpenBLAS has chosen kernels (of {openBlas.Core}) with {(openBlas.VectorWidth < ours ? "narrower" : "wider")} vectors than ours**: "
                + $"OPENBLAS_CORETYPE={core} chooses others."
                + (openBlas.VectorWidth > ours ? " ONNX Runtime takes the widest that the machine has in any case." : "");
    }

    /// <summary>The peers of one product.</summary>
    internal sealed class Entry(Action? openBlas, OnnxNetwork? onnx) : IDisposable
    {
        /// <summary>One run of each peer that is there.</summary>
        public IReadOnlyList<Action> Runs => [.. new[] { openBlas, onnx is null ? null : onnx.Run }.OfType<Action>()];

        /// <summary>Cells of the table, empty for a peer that is not there.</summary>
        /// <param name="timing">Of all contestants.</param>
        /// <param name="ours">Which of them is ours.</param>
        /// <param name="first">Which is the first of <see cref="Runs"/>.</param>
        /// <param name="flops">Floating-point operations of the product.</param>
        public string[] Cells(InterleavedTiming timing, int ours, int first, long flops)
        {
            int next = first;
            return [.. CellsOf(openBlas is not null), .. CellsOf(onnx is not null)];

            string[] CellsOf(bool isThere)
            {
                if (!isThere)
                {
                    return ["", ""];
                }

                int peer = next++;
                string speed = Quartiles.Of(PeakLoop.Gflops(timing.Milliseconds[peer], flops)).Text("0");
                return [speed, MedianInterval.Of(timing.Ratios(peer, ours)).Text("0.000")];
            }
        }

        /// <summary>Frees them.</summary>
        public void Dispose() => onnx?.Dispose();
    }
}
