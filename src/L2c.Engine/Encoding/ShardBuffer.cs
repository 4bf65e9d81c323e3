using System.Runtime.InteropServices;
using System.Text.Json;
using L2c.Model.Training.Data;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;

namespace L2c;

/// <summary>The shard that is being made, in memory: it becomes a file when it is complete.</summary>
internal sealed class ShardBuffer
{
    private readonly byte[] _moments;
    private readonly long[] _labels;
    private readonly string[] _names;
    private readonly long[] _itemShape;
    private readonly TensorType _type;
    private readonly int _itemBytes;

    /// <summary>Room for a shard.</summary>
    /// <param name="shardSize">Images; an array holds them, as <see cref="EncodeJob"/> sees to.</param>
    /// <param name="itemShape">[views, 2C, h, h].</param>
    /// <param name="type">What moments are stored as.</param>
    public ShardBuffer(int shardSize, long[] itemShape, TensorType type)
    {
        (_itemShape, _type, _itemBytes) = (itemShape, type, (int)BytesOf(itemShape, type));
        (_moments, _labels, _names) = (new byte[shardSize * _itemBytes], new long[shardSize], new string[shardSize]);
    }

    /// <summary>Images that are in it.</summary>
    public int Images { get; private set; }

    /// <summary>Images that still fit.</summary>
    public int Room => _labels.Length - Images;

    /// <summary>Bytes of an image's moments.</summary>
    public static long BytesOf(long[] itemShape, TensorType type) => itemShape.Aggregate((long)type.Size(), (product, extent) => product * extent);

    /// <summary>Adds an image.</summary>
    /// <param name="moments">[views, 2C, h, h].</param>
    /// <param name="label">Its class.</param>
    /// <param name="name">The picture's path below its folder.</param>
    /// <exception cref="IOException">A value is not finite, or not in the type that moments are stored as.</exception>
    public void Add(ReadOnlySpan<float> moments, int label, string name)
    {
        int overflow = FloatConversion.Convert(
            MemoryMarshal.AsBytes(moments), TensorType.F32, _moments.AsSpan(Images * _itemBytes, _itemBytes), _type);
        if (overflow >= 0)
        {
            throw new IOException($"{name}: a moment is {moments[overflow]}, which fp16 cannot hold; use --store fp32");
        }

        foreach (float value in moments)
        {
            if (!float.IsFinite(value))
            {
                throw new IOException($"{name}: the autoencoder gives moments that are not finite; check its file, or use --dtype fp32 or bf16");
            }
        }

        (_labels[Images], _names[Images]) = (label, name);
        Images++;
    }

    /// <summary>Writes the file and empties the buffer.</summary>
    /// <param name="path">Where to; a file of that name is replaced.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string path)
    {
        Dictionary<string, string> metadata = new()
        {
            [LatentShard.SourcesKey] = JsonSerializer.Serialize(_names.AsSpan(0, Images).ToArray()),
        };
        SafetensorsData.Write(
            path,
            [
                (new TensorInfo(LatentShard.MomentName, _type, [Images, .. _itemShape]), _moments.AsMemory(0, Images * _itemBytes)),
                (new TensorInfo(LatentShard.LabelName, TensorType.I64, [Images]), MemoryMarshal.AsBytes(_labels.AsSpan(0, Images)).ToArray()),
            ],
            metadata,
            overwrite: true);
        Images = 0;
    }
}
