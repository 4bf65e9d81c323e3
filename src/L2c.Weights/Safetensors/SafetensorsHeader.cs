using System.Text.Json;
using System.Text.Unicode;

namespace L2c.Weights.Safetensors;

/// <summary>Parses and checks the JSON header: names, types, shapes and where each tensor's bytes lie in the buffer behind it.</summary>
/// <remarks>Memory is a small multiple of the header, whose length the reader has bounded.</remarks>
internal sealed class SafetensorsHeader
{
    // Making a tensor's entry, checking it and putting it in its place among the others.
    private const long StepsPerTensor = 8;

    private const string Remedy = "the file is damaged or not safetensors, fetch or convert it again";

    private static readonly string _types = string.Join(", ", Enum.GetValues<TensorType>().Select(type => type.Label()));

    private readonly string _path;
    private readonly WorkBudget _work;
    private readonly long _bufferBytes;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    private SafetensorsHeader(string path, long headerBytes, long bufferBytes)
    {
        _path = path;
        _bufferBytes = bufferBytes;
        _work = new WorkBudget(path, "the header", headerBytes, Remedy);
    }

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Each tensor and the offset of its first byte in the buffer, in the order of the data.</summary>
    public List<(TensorInfo Info, long Offset)> Tensors { get; } = [];

    /// <summary>Parses a header for a buffer of <paramref name="bufferBytes"/> bytes.</summary>
    /// <exception cref="MalformedFileException">A rule of the format is broken.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long bufferBytes)
    {
        SafetensorsHeader header = new(path, json.Length, bufferBytes);
        if (!Utf8.IsValid(json))
        {
            throw header.Broken("the header is not UTF-8");
        }

        // The reference implementation takes white space before the brace, too.
        if (!json.TrimStart(SafetensorsFile.WhiteSpace).StartsWith("{"u8))
        {
            throw header.Broken("the header does not start with '{'");
        }

        try
        {
            header.ReadAll(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the reader reports half of a surrogate pair.
            throw header.Broken($"the header is not valid JSON ({FileText.Printable(e.Message)})", e);
        }

        header.CheckCoverage();
        return header;
    }

    private void ReadAll(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 4 });
        _ = reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            _work.SpendOnName(name.Length);
            if (!_names.Add(name))
            {
                throw Broken($"the name {FileText.Printable(name)} occurs twice");
            }

            _ = reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw Broken($"{FileText.Printable(name)} is not an object");
            }

            if (name == SafetensorsFile.MetadataName)
            {
                ReadMetadata(ref reader);
            }
            else
            {
                ReadTensor(name, ref reader);
            }
        }

        // Past the closing brace only white space may follow; the reader throws on anything else.
        while (reader.Read())
        {
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            _work.SpendOnName(key.Length);
            _ = reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Broken($"the metadata {FileText.Printable(key)} is not a string");
            }

            string value = reader.GetString()!;
            _work.SpendOnText(value.Length);
            if (!Metadata.TryAdd(key, value))
            {
                throw Broken($"the metadata {FileText.Printable(key)} occurs twice");
            }
        }
    }

    private void ReadTensor(string name, ref Utf8JsonReader reader)
    {
        TensorType? type = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string member = reader.GetString()!;
            bool twice = member switch { "dtype" => type is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false };
            if (twice)
            {
                throw Broken($"tensor {FileText.Printable(name)} states {member} twice");
            }

            _ = reader.Read();
            switch (member)
            {
                case "dtype":
                    type = ReadType(name, ref reader);
                    break;
                case "shape":
                    shape = ReadIntegers(name, member, ReadLimits.Axes, ref reader);
                    break;
                case "data_offsets":
                    offsets = ReadIntegers(name, member, 2, ref reader);
                    break;
                default:
                    throw Broken($"tensor {FileText.Printable(name)} has the unknown member {FileText.Printable(member)}");
            }
        }

        if (type is null || shape is null || offsets is not [long begin, long end])
        {
            throw Broken($"tensor {FileText.Printable(name)} does not state dtype, shape and two data_offsets");
        }

        if (Tensors.Count == ReadLimits.Tensors)
        {
            throw Broken($"the header has more than {ReadLimits.Tensors} tensors");
        }

        _work.Spend(StepsPerTensor + shape.Length);
        TensorInfo info = new(name, type.Value, shape);
        CheckSize(info, begin, end);
        Tensors.Add((info, begin));
    }

    private TensorType ReadType(string name, ref Utf8JsonReader reader)
    {
        string label = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "no string";
        foreach (TensorType type in Enum.GetValues<TensorType>())
        {
            if (type.Label() == label)
            {
                return type;
            }
        }

        throw new MalformedFileException(
            _path,
            $"tensor {FileText.Printable(name)} has the unsupported dtype {FileText.Printable(label)}; convert it to {_types}");
    }

    private long[] ReadIntegers(string name, string member, int atMost, ref Utf8JsonReader reader)
    {
        List<long> values = [];
        bool valid = reader.TokenType == JsonTokenType.StartArray;
        while (valid && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            // "-0" is a number that is not negative, and no size.
            valid = reader.TokenType == JsonTokenType.Number && reader.ValueSpan[0] != '-' && reader.TryGetInt64(out _) && values.Count < atMost;
            values.Add(valid ? reader.GetInt64() : 0);
        }

        return valid
            ? [.. values]
            : throw Broken($"{member} of tensor {FileText.Printable(name)} is not a list of at most {atMost} non-negative 64-bit integers");
    }

    private void CheckSize(TensorInfo info, long begin, long end)
    {
        long bytes;
        try
        {
            bytes = info.Bytes;
        }
        catch (OverflowException e)
        {
            throw Broken($"the size of tensor {FileText.Printable(info.Name)} overflows 64 bits", e);
        }

        if (begin > end || end > _bufferBytes)
        {
            throw Broken($"data_offsets [{begin}, {end}] of tensor {FileText.Printable(info.Name)} leave the buffer of {_bufferBytes} bytes");
        }

        if (end - begin != bytes)
        {
            throw Broken($"tensor {FileText.Printable(info.ToString())} needs {bytes} bytes but data_offsets give {end - begin}");
        }
    }

    private void CheckCoverage()
    {
        // Stable, so empty tensors keep their place in the header; they sort before the tensor that starts where they lie.
        List<(TensorInfo Info, long Offset)> ordered = [.. Tensors.OrderBy(t => t.Offset).ThenBy(t => t.Offset + t.Info.Bytes)];
        long covered = 0;
        foreach ((TensorInfo info, long offset) in ordered)
        {
            if (offset != covered)
            {
                string fault = offset < covered ? "overlaps the tensor before it" : $"leaves bytes {covered} to {offset} unused before it";
                throw Broken($"tensor {FileText.Printable(info.Name)} {fault}");
            }

            covered += info.Bytes;
        }

        if (covered != _bufferBytes)
        {
            throw Broken($"the tensors cover {covered} of {_bufferBytes} bytes");
        }

        Tensors.Clear();
        Tensors.AddRange(ordered);
    }

    private MalformedFileException Broken(string rule, Exception? inner = null) =>
        new(_path, $"{rule}; {Remedy}", inner);
}
