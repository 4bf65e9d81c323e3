using System.CommandLine;
using L2c.Bench.Peers;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Weights.Layouts;

namespace L2c.Bench.Images;

/// <summary><c>decoder</c>: does Stable Diffusion's decoder make a picture as fast as ONNX Runtime makes it?</summary>
internal sealed class DecoderBench
{
    private const int Rounds = 9;
    private const double Bound = 1.05;

    private static readonly int[] _sides = [256, 512];

    private static readonly VaeArchitecture _architecture = new()
    {
        Name = "Stable Diffusion's autoencoder",
        InChannels = 3,
        OutChannels = 3,
        Channels = 128,
        ChannelMultipliers = [1, 2, 4, 4],
        ResBlocks = 2,
        ZChannels = 4,
        LatentChannels = 4,
    };

    private readonly BenchOptions _options = new(Rounds);
    private readonly Option<string?> _peers = PeerComparison.FolderOption([.. _sides.Select(Peer)]);
    private readonly Option<int?> _side = OptionFactory.Whole(
        "--side", _architecture.Downsampling, $"Side of the picture in pixels [default: {string.Join(" and ", _sides)}]", most: 512);

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        DecoderBench self = new();
        Command command = new("decoder", "One picture from Stable Diffusion's decoder on the CPU, against ONNX Runtime on the same network and threads.");
        command.Add(self._side);
        command.Add(self._peers);
        self._options.AddTo(command);
        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private static string Peer(int side) => $"decoder-{side}.onnx";

    private int Run(ParseResult parsed, Terminal terminal)
    {
        string load = BirthCertificate.Load();
        using CpuDevice device = _options.OpenCpu(parsed);
        PeerComparison peers = new(device, PeerComparison.Folder(parsed, _peers), _options.Rounds(parsed), terminal.Cancel);
        RandomWeights random = new(VaeLayout.Tensors(_architecture));
        using AutoencoderModel model = AutoencoderModel.Load(_architecture, random.Read, device, AutoencoderParts.Decoder);
        int[] sides = parsed.GetValue(_side) is { } side ? [side / _architecture.Downsampling * _architecture.Downsampling] : _sides;
        List<string[]> rows = [.. sides.Select(side => Measure(side, model, peers))];
        _options.Publish(parsed, terminal, Markdown.Report(
            "Stable Diffusion's decoder: against ONNX Runtime",
            BirthCertificate.Of(device, load, peers.Certificate),
            PeerComparison.Header,
            rows,
            peers.Reading + "Latents come from and pictures go to the host's memory. Weights are random; the peers are made by "
            + "bench/peers/images_onnx.py.",
            peers.Verdict));
        return peers.IsMet ? ExitCode.Ok : ExitCode.RunTime;
    }

    private static string[] Measure(int side, AutoencoderModel model, PeerComparison peers)
    {
        int latent = side / _architecture.Downsampling;
        using ImageDecoder decoder = new(model, 1, latent, latent);
        float[] latents = OnnxInput.Values((int)decoder.LatentsPerImage), image = new float[decoder.ElementsPerImage];
        return peers.Measure(
            $"decoder, {side} pixels",
            "1",
            () => decoder.Decode(latents, image),
            decoder.Ops.Sum(op => op.Flops),
            Peer(side),
            Bound,
            OnnxInput.Noise("x", 1, _architecture.LatentChannels, latent, latent));
    }
}
