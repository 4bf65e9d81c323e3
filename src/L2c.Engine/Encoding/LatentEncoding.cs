using System.Diagnostics;
using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Weights;

namespace L2c;

/// <summary>Makes latents of pictures to train on: moments that an autoencoder gives, from which training draws a latent each time.</summary>
public static class LatentEncoding
{
    /// <summary>Encodes a folder of pictures. Cancelled, it ends behind the batch in progress; the same request goes on behind the last shard.
    /// </summary>
    /// <param name="choice">Where to compute.</param>
    /// <param name="request">Which pictures, by what, into what.</param>
    /// <param name="progress">Told of every picture and, as remarks, of those that cannot be read and of every shard.</param>
    /// <param name="cancel">Looked at before every picture.</param>
    /// <exception cref="RequestException">
    /// Settings do not fit each other or the autoencoder, or the folder holds latents of other settings or pictures.
    /// </exception>
    /// <exception cref="MalformedFileException">
    /// A file is damaged, there are no pictures, none of them can be read, or one cannot in a strict request.
    /// </exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before the first shard was finished.</exception>
    /// <exception cref="IOException">A file cannot be read or written, or moments are not finite.</exception>
    public static EncodeResult Run(
        DeviceChoice choice, EncodeRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default)
    {
        long began = Stopwatch.GetTimestamp();
        TaskContext context = new(progress, cancel);
        RequireApart(request);
        using OpenedAutoencoder autoencoder = OpenedAutoencoder.Open(request.Autoencoder);
        EncodeJob job = new(request, autoencoder.Architecture, choice);
        var listing = PictureListing.Of(request.Pictures, cancel);
        string hash = FileHash.Sha256(request.Autoencoder, cancel);
        if (choice.Note is { } note)
        {
            context.Remark($"note: {note}");
        }

        using Device device = choice.Open();
        job.Demand.Require(device, choice.Memory, OpenedAutoencoder.Loading(job.Architecture, device, AutoencoderParts.Encoder));
        var facts = RunFacts.Of(job.Architecture.Name, device);
        using LatentFolder folder = LatentFolder.Open(request, listing, job.Settings(hash, facts), context);
        int before = folder.Index.Images;
        long peak = 0;
        try
        {
            if (folder.Next < listing.Count)
            {
                using AutoencoderModel model = autoencoder.Load(device, AutoencoderParts.Encoder);
                using ImageEncoder encoder = new(model, job.Rows, request.ImageSize, request.ImageSize, choice.Graph);
                peak = model.WeightBytes + encoder.Bytes;
                new ShardMaker(job, listing, folder, encoder, context).Run();
            }

            if (folder.Index.Images == 0)
            {
                throw new MalformedFileException(
                    request.Pictures, $"has no picture that can be read, of {listing.Count}; the lines above say what is wrong with each");
            }

            folder.Complete();
        }
        catch (OperationCanceledException) when (folder.Index.Shards.Count > 0)
        {
            // What is finished stays, and the result says how far it has come.
        }

        return EncodeResult.Of(
            request.Folder,
            folder.Index,
            listing.Count,
            folder.Index.Images - before,
            [.. job.LatentShape],
            facts,
            peak,
            Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <inheritdoc cref="Run"/>
    public static Task<EncodeResult> RunAsync(
        DeviceChoice choice, EncodeRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Run(choice, request, progress, cancel), cancel);

    /// <summary>Shards among the pictures would be a class without pictures the next time.</summary>
    private static void RequireApart(EncodeRequest request)
    {
        if (!Directory.Exists(request.Pictures))
        {
            throw new DirectoryNotFoundException($"{request.Pictures}: there is no such folder; give a folder of pictures");
        }

        string pictures = RealPath.Of(request.Pictures);
        for (string? folder = RealPath.Of(request.Folder); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (folder == pictures)
            {
                throw new RequestException($"{request.Folder}: lies in {request.Pictures}, whose folders are classes; name a folder elsewhere");
            }
        }
    }
}
