using L2c.Weights;

namespace L2c;

/// <summary>A folder of pictures to make latents of, as data to train on.</summary>
public sealed record EncodeRequest
{
    /// <summary>Images of a shard unless something else is asked for.</summary>
    public const int DefaultShardSize = 512;

    /// <summary>Side of the pictures unless something else is asked for.</summary>
    public const int DefaultImageSize = 256;

    /// <summary>Largest side.</summary>
    public const int MaxImageSize = 4096;

    /// <summary>The pictures: a folder per class, in ordinal order of names, or one folder of pictures that have no classes.</summary>
    public required string Pictures { get; init; }

    /// <summary>Where the shards go; those that are finished there are kept.</summary>
    public required string Folder { get; init; }

    /// <summary>Checkpoint of the autoencoder: safetensors, or what <c>torch.save</c> writes.</summary>
    public required string Autoencoder { get; init; }

    /// <summary>Side of the centred square that is encoded, in pixels.</summary>
    public int ImageSize { get; init; } = DefaultImageSize;

    /// <summary>Whether each picture is encoded mirrored, too, so that training can draw either.</summary>
    public bool Mirror { get; init; } = true;

    /// <summary>Pictures encoded together; null for as many as suit the device.</summary>
    public int? Batch { get; init; }

    /// <summary>Images of a shard; the last may have fewer.</summary>
    public int ShardSize { get; init; } = DefaultShardSize;

    /// <summary>Whether moments are stored as F16, in half the space, instead of F32.</summary>
    public bool Half { get; init; }

    /// <summary>Whether a picture that cannot be read ends the task; otherwise it is reported and skipped.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether to start anew where the folder has shards.</summary>
    public bool Anew { get; init; }

    /// <summary>What moments are stored as.</summary>
    internal TensorType StoredType => Half ? TensorType.F16 : TensorType.F32;

    /// <summary>Images that each picture becomes.</summary>
    internal int Views => Mirror ? 2 : 1;
}
