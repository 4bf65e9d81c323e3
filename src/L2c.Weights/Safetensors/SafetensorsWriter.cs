using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace L2c.Weights.Safetensors;

/// <summary>Writes a safetensors file in one pass: the directory first, then the tensors' bytes in the same order, in chunks of any size.</summary>
/// <remarks>
/// The file appears only at <see cref="Commit"/> (see <see cref="AtomicFile"/>). The header is padded with spaces so that the data start at a multiple of
/// eight bytes. Metadata are sorted by key, so equal content gives equal files.
/// </remarks>
public sealed class SafetensorsWriter : IDisposable
{
    private readonly AtomicFile _file;
    private readonly long _expectedBytes;
    private long _writtenBytes;

    /// <summary>Creates the file and writes its header.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="tensors">All tensors, in the order in which their bytes will follow.</param>
    /// <param name="metadata">Text for <c>__metadata__</c>; empty for none.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="ArgumentException">A name occurs twice or is reserved, an extent is negative, or the header exceeds the format's limit.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public SafetensorsWriter(string path, IReadOnlyList<TensorInfo> tensors, IReadOnlyDictionary<string, string> metadata, bool overwrite)
    {
        byte[] header = Header(tensors, metadata, out _expectedBytes);
        _file = new AtomicFile(path, overwrite);
        try
        {
            Span<byte> prefix = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
            _file.Stream.Write(prefix);
            _file.Stream.Write(header);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Appends the next bytes of the data: little-endian elements, row-major, tensor after tensor.</summary>
    /// <exception cref="InvalidOperationException">More bytes than the directory announced.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _expectedBytes - _writtenBytes)
        {
            throw new InvalidOperationException($"{_file.Path}: {_writtenBytes} + {bytes.Length} bytes exceed the {_expectedBytes} of the tensors announced");
        }

        _file.Stream.Write(bytes);
        _writtenBytes += bytes.Length;
    }

    /// <summary>Completes the file.</summary>
    /// <exception cref="InvalidOperationException">Fewer bytes were written than the directory announced; the file does not appear.</exception>
    /// <exception cref="IOException">As <see cref="AtomicFile.Commit"/>.</exception>
    public void Commit()
    {
        if (_writtenBytes != _expectedBytes)
        {
            throw new InvalidOperationException($"{_file.Path}: {_writtenBytes} of the {_expectedBytes} bytes announced were written");
        }

        _file.Commit();
    }

    /// <summary>Deletes what was written unless it was committed.</summary>
    public void Dispose() => _file.Dispose();

    private static byte[] Header(IReadOnlyList<TensorInfo> tensors, IReadOnlyDictionary<string, string> metadata, out long dataBytes)
    {
        // One writing for all programs that read the format: nothing is escaped that JSON does not require.
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        if (metadata.Count > 0)
        {
            json.WriteStartObject(SafetensorsFile.MetadataName);
            foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        dataBytes = 0;
        HashSet<string> names = new(StringComparer.Ordinal) { SafetensorsFile.MetadataName };
        foreach (TensorInfo tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"the tensor name {tensor.Name} occurs twice or is reserved", nameof(tensors));
            }

            dataBytes = WriteEntry(json, tensor, dataBytes);
        }

        json.WriteEndObject();
        json.Flush();
        int padded = (buffer.WrittenCount + 7) / 8 * 8;
        if (padded > ReadLimits.SafetensorsHeaderBytes)
        {
            throw new ArgumentException($"a header of {padded} bytes exceeds the format's {ReadLimits.SafetensorsHeaderBytes}", nameof(tensors));
        }

        byte[] header = new byte[padded];
        Array.Fill(header, (byte)' ');
        buffer.WrittenSpan.CopyTo(header);
        return header;
    }

    /// <summary>Writes one entry that starts at <paramref name="begin"/> and returns where it ends.</summary>
    private static long WriteEntry(Utf8JsonWriter json, TensorInfo tensor, long begin)
    {
        long end = checked(begin + tensor.Bytes);
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.Label());
        json.WriteStartArray("shape");
        foreach (long extent in tensor.Shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent);
            json.WriteNumberValue(extent);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
        return end;
    }
}
