namespace L2c.Model.Training.Data;

/// <summary>What decides the content of latent shards, apart from the pictures: shards of other settings never meet in one folder.</summary>
/// <param name="Autoencoder">SHA-256 of its file.</param>
/// <param name="ImageSize">Side of the pictures as they were encoded.</param>
/// <param name="Views">2 where each picture is also stored mirrored; otherwise 1.</param>
/// <param name="Dtype">What moments are stored as: F32 or F16.</param>
/// <param name="ShardSize">Images of a shard; the last may have fewer.</param>
/// <param name="Device">What encoded, as far as it decides bits.</param>
public sealed record LatentSettings(string Autoencoder, int ImageSize, int Views, string Dtype, int ShardSize, string Device);
