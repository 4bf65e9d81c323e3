using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A request for a set of images, validated against a model and a device.</summary>
public sealed class SampleSetJob
{
    /// <summary>Decides.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="architecture">The model.</param>
    /// <param name="device">Where it will run.</param>
    /// <exception cref="RequestException">Settings do not fit each other or the model.</exception>
    /// <exception cref="Weights.MalformedFileException">A router, schedule or autoencoder is damaged or does not fit the model.</exception>
    public SampleSetJob(SampleSetRequest request, TransformerArchitecture architecture, DeviceChoice device)
    {
        SampleRequest sample = request.Sample;
        Require(sample.Count is not null, $"{request.Out}: a set needs its number of images; give --count N");
        Require(
            sample.Count <= SampleChunks.MaxImages,
            $"--count {sample.Count}: a set has at most {SampleChunks.MaxImages} images; make several, each with its own --seed");
        Require(!sample.TorchNoise, "--rng torch depends on the number of images of a run, and a set is made in parts; omit it");
        Require(sample.Noise is null, $"--noise {sample.Noise}: a set draws its own noise, image by image; omit it");
        Require(!sample.KeepStates, "--trajectory keeps every state of all images, and a set may have any number of them; omit it");
        Require(!sample.Compare, "--compare compares the images of one run; omit it, or write a .png");
        Require(
            architecture.PixelSpace || sample.Vae is not null,
            $"{architecture.Name} makes latents, and a set is of pixels; give the autoencoder with --vae FILE");
        Require(
            !architecture.PixelSpace || SampleImage.CanShow(architecture),
            $"{architecture.Name} makes pixels of {architecture.InChannels} channels; a set is of 1 or 3");
        Require(
            request.Ranks is null || (request.Ranks > 0 && request.Rank >= 0 && request.Rank < request.Ranks),
            $"--rank {request.Rank}: ranks are numbered from 0 to {request.Ranks - 1} here; give one of them");
        Request = request;
        Sample = new SampleJob(sample with { IsSet = true }, architecture, device);
    }

    /// <summary>What was asked for.</summary>
    public SampleSetRequest Request { get; }

    /// <summary>How the images are sampled.</summary>
    public SampleJob Sample { get; }

    /// <summary>Chunks that this process makes.</summary>
    internal IEnumerable<int> Chunks
    {
        get
        {
            int all = SampleChunks.Count(Sample.Count), ranks = Request.Ranks ?? 1;
            for (long chunk = Request.Rank; chunk < all; chunk += ranks)
            {
                yield return (int)chunk;
            }
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new RequestException(message);
        }
    }
}
