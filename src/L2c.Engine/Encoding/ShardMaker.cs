using L2c.Model.Autoencoder;
using L2c.Weights;

namespace L2c;

/// <summary>Encodes the pictures that a folder lacks, in their order, shard by shard.</summary>
/// <remarks>
/// A shard has as many images as asked for; the pictures behind its last one that cannot be read belong to it, so that none is without images. No
/// batch reaches into another shard: a run that begins with some shard has the batches of one that began before it.
/// </remarks>
internal sealed class ShardMaker
{
    private readonly EncodeJob _job;
    private readonly PictureListing _listing;
    private readonly LatentFolder _folder;
    private readonly ImageEncoder _encoder;
    private readonly TaskContext _context;
    private readonly ShardBuffer _shard;
    private readonly List<PreparedPicture> _batch = [];
    private readonly float[] _images, _moments;

    /// <param name="job">How.</param>
    /// <param name="listing">The pictures.</param>
    /// <param name="folder">Where shards go.</param>
    /// <param name="encoder">Of <see cref="EncodeJob.Rows"/> images.</param>
    /// <param name="context">For progress and cancellation.</param>
    public ShardMaker(EncodeJob job, PictureListing listing, LatentFolder folder, ImageEncoder encoder, TaskContext context)
    {
        (_job, _listing, _folder, _encoder, _context) = (job, listing, folder, encoder, context);
        _shard = new ShardBuffer(job.Request.ShardSize, job.ItemShape, job.Request.StoredType);
        (_images, _moments) = (new float[job.Rows * encoder.ElementsPerImage], new float[job.Rows * encoder.MomentsPerImage]);
    }

    /// <summary>Makes all shards that are missing.</summary>
    /// <exception cref="MalformedFileException">A picture cannot be read, in a strict request.</exception>
    /// <exception cref="IOException">A file cannot be read or written, or moments are not finite.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public void Run()
    {
        Action step = _context.Begin("encoding", _listing.Count - _folder.Next);
        using PictureQueue queue = new(_listing, _folder.Next, _job.Request.ImageSize, _job.Ahead, _job.Threads, _context.Cancel);
        while (!queue.IsEmpty)
        {
            List<string> skipped = [];
            int next = _folder.Next;
            while (!queue.IsEmpty && (_shard.Room > 0 || queue.Peek().Pixels is null))
            {
                _context.Cancel.ThrowIfCancellationRequested();
                PreparedPicture picture = queue.Take();
                next = picture.Position + 1;
                if (picture.Pixels is null)
                {
                    skipped.Add(Skip(picture));
                }
                else
                {
                    _batch.Add(picture);
                }

                if (_batch.Count == Math.Min(_job.Batch, _shard.Room))
                {
                    Encode();
                }

                step();
            }

            Encode();
            if (_shard.Images > 0)
            {
                _folder.Add(_shard, next, skipped, _context.Cancel);
                string skips = _folder.Index.Skipped > 0 ? $", {_folder.Index.Skipped} skipped" : "";
                _context.Remark($"{_folder.Index.Shards[^1].File}: {next} of {_listing.Count} pictures{skips}");
            }
            else if (_folder.Index.Shards.Count > 0)
            {
                _folder.Extend(next, skipped, _context.Cancel);
            }
        }
    }

    private string Skip(PreparedPicture picture)
    {
        if (_job.Request.Strict)
        {
            (string path, string problem) = (_listing.Pictures[picture.Position].Path, picture.Problem!);
            throw new MalformedFileException(path, problem[(path.Length + 2)..]);
        }

        _context.Remark($"warning: {picture.Problem}");
        return _listing.Name(picture.Position);
    }

    /// <summary>Encodes the pictures of the batch and adds them to the shard.</summary>
    private void Encode()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        int views = _job.Request.Views, image = (int)_encoder.ElementsPerImage, moments = (int)_encoder.MomentsPerImage;
        for (int i = 0; i < _batch.Count; i++)
        {
            for (int view = 0; view < views; view++)
            {
                Fill(_batch[i].Pixels, isMirrored: view == 1, _images.AsSpan(((i * views) + view) * image, image));
            }
        }

        int rows = _batch.Count * views;
        _encoder.Encode(_images.AsSpan(0, rows * image), _moments.AsSpan(0, rows * moments));
        for (int i = 0; i < _batch.Count; i++)
        {
            int position = _batch[i].Position;
            _shard.Add(_moments.AsSpan(i * views * moments, views * moments), _listing.Pictures[position].Label, _listing.Name(position));
            PictureQueue.Return(_batch[i]);
        }

        _batch.Clear();
    }

    /// <summary>Pixels to [3, size, size] in [-1, 1].</summary>
    private void Fill(ReadOnlySpan<uint> pixels, bool isMirrored, Span<float> image)
    {
        int size = _job.Request.ImageSize, area = size * size;
        for (int i = 0; i < area; i++)
        {
            (int row, int column) = (i / size, i % size);
            uint pixel = pixels[isMirrored ? (row * size) + size - 1 - column : i];
            for (int channel = 0; channel < EncodeJob.PictureChannels; channel++)
            {
                image[(channel * area) + i] = ((byte)(pixel >> (8 * channel)) / 127.5f) - 1;
            }
        }
    }
}
