using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace L2c.Weights.Npy;

/// <summary>The header of an npy file: magic, version, and a Python dictionary of element type, order and shape.</summary>
/// <remarks>
/// Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays". Versions 1.0 to 3.0 are read; NumPy's own limit of 10,000
/// bytes holds.
/// </remarks>
/// <param name="Array">Type and shape; the name is <see cref="NpyTensorFile.Name"/>.</param>
/// <param name="DataOffset">Where the elements begin.</param>
/// <param name="IsFortran">Whether the first axis is the innermost one, and that makes a difference.</param>
internal sealed partial record NpyHeader(TensorInfo Array, long DataOffset, bool IsFortran)
{
    // NumPy's bfloat16 does not exist, so BF16 has no entry.
    private static readonly (TensorType Type, string Descr)[] _types =
    [
        (TensorType.F64, "<f8"), (TensorType.F32, "<f4"), (TensorType.F16, "<f2"), (TensorType.I64, "<i8"), (TensorType.I32, "<i4"),
        (TensorType.I16, "<i2"), (TensorType.I8, "|i1"), (TensorType.U64, "<u8"), (TensorType.U32, "<u4"), (TensorType.U16, "<u2"), (TensorType.U8, "|u1"),
        (TensorType.Bool, "|b1"),
    ];

    /// <summary>The first bytes of every npy file.</summary>
    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>NumPy's word for a type, or null if it has none.</summary>
    public static string? Descr(TensorType type) => _types.FirstOrDefault(entry => entry.Type == type).Descr;

    /// <summary>The same, of an array in C order.</summary>
    /// <exception cref="MalformedFileException">As <see cref="Read"/>, or it is in Fortran's.</exception>
    public static NpyHeader ReadInOrder(ByteSource source) => Read(source) is { IsFortran: false } header
        ? header
        : throw Broken(source, "is in Fortran order", "save numpy.ascontiguousarray of it");

    /// <summary>Reads and checks the header of a file.</summary>
    /// <exception cref="MalformedFileException">It breaks a rule, or the elements do not end where the file does.</exception>
    public static NpyHeader Read(ByteSource source)
    {
        Span<byte> prefix = stackalloc byte[12];
        source.ReadExactly(0, prefix);
        if (!prefix.StartsWith(Magic))
        {
            throw Broken(source, "does not start like a NumPy array");
        }

        (int prefixBytes, long headerBytes) = (prefix[6], prefix[7]) switch
        {
            (1, 0) => (10, BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..])),
            (2 or 3, 0) => (12, (long)BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..])),
            var (major, minor) => throw Broken(source, $"is of version {major}.{minor} of the npy format; 1.0, 2.0 and 3.0 can be read"),
        };
        if (headerBytes > ReadLimits.NpyHeaderBytes)
        {
            throw Broken(source, $"has a header of {headerBytes} bytes, more than {ReadLimits.NpyHeaderBytes}");
        }

        byte[] bytes = new byte[headerBytes];
        source.ReadExactly(prefixBytes, bytes);
        (TensorInfo array, bool isFortran) = Parse(source, Encoding.Latin1.GetString(bytes));
        long start = prefixBytes + headerBytes;
        return source.Length - start == array.Bytes
            ? new NpyHeader(array, start, isFortran)
            : throw Broken(source, $"has {source.Length - start} bytes of elements, but {array} are {array.Bytes}");
    }

    private static (TensorInfo Array, bool IsFortran) Parse(ByteSource source, string header)
    {
        // The three members in any order, and nothing else.
        Match descr = DescrMember().Match(header), order = OrderMember().Match(header), shape = ShapeMember().Match(header);
        string rest = ShapeMember().Replace(OrderMember().Replace(DescrMember().Replace(header, "", 1), "", 1), "", 1);
        if (!descr.Success || !order.Success || !shape.Success || !Remainder().IsMatch(rest))
        {
            throw Broken(source, $"has the header {FileText.Printable(header.Trim())}, which is not NumPy's for a plain array");
        }

        string word = descr.Groups[1].Value;
        (TensorType Type, string Descr) type = _types.FirstOrDefault(entry => entry.Descr == word);
        if (type.Descr is null)
        {
            string known = string.Join(", ", _types.Select(entry => entry.Descr));
            throw Broken(source, $"has elements of the type {FileText.Printable(word)}; {known} can be read");
        }

        long[] extents = Extents(source, shape.Groups[1].Value);
        bool isFortran = order.Groups[1].Value == "True" && extents.Count(extent => extent != 1) > 1;
        try
        {
            TensorInfo array = new(NpyTensorFile.Name, type.Type, extents);
            _ = array.Bytes;
            return (array, isFortran);
        }
        catch (OverflowException e)
        {
            throw new MalformedFileException(source.Path, "has a shape whose size overflows 64 bits; the file is damaged, save it again", e);
        }
    }

    private static long[] Extents(ByteSource source, string tuple)
    {
        // In Python (1) is no tuple, and 01 is no number.
        string[] parts = tuple.Split(',', StringSplitOptions.TrimEntries);
        bool isTuple = parts.Length > 1 || parts[0].Length == 0;
        parts = parts[^1].Length == 0 ? parts[..^1] : parts;
        long[] extents = new long[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            bool isNumber = long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out extents[i])
                && (parts[i][0] != '0' || parts[i].Length == 1);
            if (!isNumber || !isTuple)
            {
                throw Broken(source, $"has the shape ({FileText.Printable(tuple)}), which is not a tuple of integers");
            }
        }

        return extents;
    }

    internal static MalformedFileException Broken(ByteSource source, string problem, string remedy = "save it again with numpy.save") =>
        new(source.Path, $"{problem}; {remedy}");

    [GeneratedRegex(@"'descr'\s*:\s*'([^']*)'", RegexOptions.CultureInvariant)]
    private static partial Regex DescrMember();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(True|False)", RegexOptions.CultureInvariant)]
    private static partial Regex OrderMember();

    [GeneratedRegex(@"'shape'\s*:\s*\(([^()]*)\)", RegexOptions.CultureInvariant)]
    private static partial Regex ShapeMember();

    [GeneratedRegex(@"\A\{\s*,\s*,\s*,?\s*\}\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Remainder();
}
