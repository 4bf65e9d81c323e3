using System.CommandLine;
using L2c.Bench.Peers;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Metrics.Inception;
using L2c.Weights.Layouts;

namespace L2c.Bench.Images;

/// <summary><c>inception</c>: does the FID Inception network look at pictures as fast as ONNX Runtime does?</summary>
internal sealed class InceptionBench
{
    private const int Rounds = 9, Batch = 32;
    private const double Bound = 1.05;

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<string?> _peers = PeerComparison.FolderOption(Peer(Batch));
    private readonly Option<int?> _batch = OptionFactory.Whole("--batch", 1, $"Pictures at once [default: {Batch}]", most: 256);

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        InceptionBench self = new();
        Command command = new("inception", "Pictures through the FID Inception network on the CPU, against ONNX Runtime on the same network and threads.");
        command.Add(self._batch);
        command.Add(self._peers);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private static string Peer(int batch) => $"inception-batch{batch}.onnx";

    private int Run(ParseResult parsed, Terminal terminal)
    {
        int batch = parsed.GetValue(_batch) ?? Batch;
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        PeerComparison peers = new(device, PeerComparison.Folder(parsed, _peers), _options.Rounds(parsed), terminal.Cancel);
        RandomWeights random = new(InceptionLayout.Tensors);
        using InceptionNetwork network = InceptionNetwork.Load(device, (name, values) =>
        {
            random.Read(name, values);
            foreach (ref float value in values)
            {
                value = name.EndsWith("running_var", StringComparison.Ordinal) ? Math.Abs(value) : value;
            }
        });
        using InceptionPass pass = new(network, batch, InceptionFeatures.Pool);
        float[] images = OnnxInput.Values(batch * InceptionPass.ImageLength), features = new float[batch * InceptionFeatures.Pool.Length()];
        string[] row = peers.Measure(
            "FID Inception, to its pool", $"{batch}", Call, pass.Ops.Sum(op => op.Flops), Peer(batch), Bound,
            OnnxInput.Noise("x", batch, InceptionStructure.Colours, InceptionStructure.Side, InceptionStructure.Side));
        _options.Publish(parsed, terminal, Markdown.Report(
            "The FID Inception network: against ONNX Runtime",
            BirthCertificate.Of(device, load, peers.Certificate),
            PeerComparison.Header,
            [row],
            peers.Reading + "Pictures are resized before. Weights are random; batch norms are folded into the convolutions in both. The peer is "
            + "made by bench/peers/images_onnx.py.",
            peers.Verdict));
        return peers.IsMet ? ExitCode.Ok : ExitCode.RunTime;

        void Call()
        {
            pass.Start(images);
            pass.Read(features);
        }
    }
}
