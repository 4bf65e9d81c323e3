#:project ../src/L2c.Weights/L2c.Weights.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
// A checkpoint with the shapes of a published model and random values: for measuring speed and memory without a download.
// Usage: dotnet run dev/make-random-checkpoint.cs -- OUT.safetensors [MODEL]; MODEL may also be SD-VAE, Stable Diffusion's autoencoder, or tiny-VAE
using System.Runtime.InteropServices;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;

string path = args[0];
string name = args.Length > 1 ? args[1] : "DiT-XL/2";
IReadOnlyList<(string Name, long[] Shape)> tensors = PublishedModels.Find(name) switch
{
    DitArchitecture dit => DitLayout.Tensors(dit),
    UVitArchitecture uvit => UVitLayout.Tensors(uvit),
    _ when name == "SD-VAE" => VaeLayout.Tensors(Autoencoder(128, [1, 2, 4, 4], 2)),
    _ when name == "tiny-VAE" => VaeLayout.Tensors(Autoencoder(32, [1, 1, 1, 1], 1)),
    _ => throw new ArgumentException($"unknown model '{name}'"),
};
TensorInfo[] directory = [.. tensors.Select(tensor => new TensorInfo(tensor.Name, TensorType.F32, tensor.Shape))];
using SafetensorsWriter writer = new(path, directory, new Dictionary<string, string>(), overwrite: false);
Random random = new(1);
uint[] block = new uint[1 << 20];
foreach (TensorInfo tensor in directory)
{
    for (long first = 0; first < tensor.Count; first += block.Length)
    {
        Span<uint> bits = block.AsSpan(0, (int)Math.Min(block.Length, tensor.Count - first));
        random.NextBytes(MemoryMarshal.AsBytes(bits));
        for (int i = 0; i < bits.Length; i++)
        {
            // Random sign and mantissa, exponents of 2^-8 to 2^-1: like weights, and representable in every output type.
            bits[i] = (bits[i] & 0x807FFFFF) | ((119 + ((bits[i] >> 23) & 7)) << 23);
        }

        writer.Write(MemoryMarshal.AsBytes(bits));
    }
}

writer.Commit();
Console.WriteLine($"{path}: {name}, {directory.Sum(tensor => tensor.Count)} random values");

static VaeArchitecture Autoencoder(int channels, int[] multipliers, int blocks) => new()
{
    Name = "autoencoder",
    InChannels = 3,
    OutChannels = 3,
    Channels = channels,
    ChannelMultipliers = multipliers,
    ResBlocks = blocks,
    ZChannels = 4,
    LatentChannels = 4,
};
