using System.CommandLine;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Kernels;

namespace L2c.Cli.Commands;

/// <summary><c>l2c encode</c>: pictures to latents, as data to train on.</summary>
internal sealed class EncodeCommand
{
    private const string Single = "fp32", Half = "fp16";

    private readonly Argument<string> _pictures = new("FOLDER")
    {
        Description = "PNG, JPEG and WebP pictures: a folder per class, labelled by its place in ordinal order of names, or all in one folder",
    };

    private readonly Argument<string> _out = new("OUT") { Description = "Folder for the latents; files that are finished there are kept" };
    private readonly Option<string?> _vae =
        OptionFactory.Text("--vae", "FILE", "Checkpoint of the autoencoder: safetensors or PyTorch, with the published names or those of diffusers");
    private readonly Option<int?> _size = OptionFactory.Whole(
        "--image-size", 1, $"Side of the centred square that is encoded, in pixels [default: {EncodeRequest.DefaultImageSize}]",
        EncodeRequest.MaxImageSize);
    private readonly Option<bool> _noFlip = OptionFactory.Switch(
        "--no-flip", "Do not also encode each picture mirrored: half the work and space, but training does not flip");
    private readonly Option<int?> _batch = OptionFactory.Whole(
        "--batch", 1, "Pictures encoded together, each as it is and mirrored [default: 1 on the CPU, 8 on CUDA]", most: 4096);
    private readonly Option<int?> _shardSize = OptionFactory.Whole(
        "--shard-size", 1,
        $"Pictures per file; finished files are kept, and each file is made in memory [default: {EncodeRequest.DefaultShardSize}]",
        most: 1 << 20);
    private readonly Option<string> _store =
        OptionFactory.OneOf("--store", "Type of the moments in the files; fp16 takes half the space", Single, Half);
    private readonly Option<bool> _strict = OptionFactory.Switch("--strict", "Stop at the first picture that cannot be read, instead of skipping it");
    private readonly Option<bool> _force = OptionFactory.Switch("--force", "Start over where there are latents");
    private readonly Option<bool> _json = OptionFactory.Switch("--json", "Print one JSON object on standard output at the end");
    private readonly Option<bool> _noProgress =
        OptionFactory.Switch("--no-progress", "Draw no progress bar; a line per file is still printed");
    private readonly DeviceOptions _device;

    private EncodeCommand(CudaAccess cuda)
    {
        _device = new DeviceOptions(cuda, CudaPrecision.TF32);
        _pictures.Validators.Add(result => OptionFactory.RefuseEmpty(result, "FOLDER", "a folder of pictures"));
        _out.Validators.Add(result => OptionFactory.RefuseEmpty(result, "OUT", "a folder"));
    }

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal, CudaAccess cuda)
    {
        EncodeCommand self = new(cuda);
        Command command = new("encode", "Encodes pictures as latents with an autoencoder: data for train-router and train.")
        {
            self._pictures,
            self._out,
        };
        foreach (Option option in (Option[])[self._vae, self._size, self._noFlip, self._batch, self._shardSize, self._store, self._strict])
        {
            command.Add(option);
        }

        self._device.AddTo(command);
        foreach (Option option in (Option[])[self._force, self._json, self._noProgress])
        {
            command.Add(option);
        }

        command.SetAction(parsed => self.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        EncodeRequest request = new()
        {
            Pictures = parsed.GetValue(_pictures)!,
            Folder = parsed.GetValue(_out)!,
            Autoencoder = parsed.GetValue(_vae)
                ?? throw new UsageException("--vae is missing; give the file of the autoencoder that the model was trained with"),
            ImageSize = parsed.GetValue(_size) ?? EncodeRequest.DefaultImageSize,
            Mirror = !parsed.GetValue(_noFlip),
            Batch = parsed.GetValue(_batch),
            ShardSize = parsed.GetValue(_shardSize) ?? EncodeRequest.DefaultShardSize,
            Half = parsed.GetValue(_store) == Half,
            Strict = parsed.GetValue(_strict),
            Anew = parsed.GetValue(_force),
        };
        using ProgressBar progress = new(terminal, !parsed.GetValue(_noProgress));
        EncodeResult result = LatentEncoding.Run(_device.Decide(parsed), request, progress, terminal.Cancel);
        progress.Dispose();
        return EncodeText.Print(result, terminal, parsed.GetValue(_json));
    }
}
