using System.Runtime.InteropServices;
using L2c.Weights.Zip;

namespace L2c.Weights.Npy;

/// <summary>A file of ADM's evaluator: images as <c>arr_0</c>, statistics of their features as <c>mu</c>, <c>sigma</c>, <c>mu_s</c> and
/// <c>sigma_s</c>. Members with other names are not looked at.</summary>
public sealed class NpzArchive : IDisposable
{
    private const string ImagesName = "arr_0", Mean = "mu", Covariance = "sigma", SpatialMean = "mu_s", SpatialCovariance = "sigma_s";

    private readonly ByteSource _source;
    private readonly ZipReader _zip;

    private NpzArchive(ByteSource source) => (_source, _zip) = (source, new ZipReader(source, inOrder: true));

    /// <summary>Path of the file.</summary>
    public string Path => _source.Path;

    /// <summary>Whether there are images.</summary>
    public bool HasImages => Has(ImagesName);

    /// <summary>Whether the images are bytes [N, H, W, 3], as <see cref="Images"/> reads them.</summary>
    public bool HasByteImages
    {
        get
        {
            using ByteSource? member = Member(ImagesName);
            return member is not null && NpzImages.AreBytes(NpyHeader.Read(member).Array);
        }
    }

    /// <summary>Whether there are statistics of pooled features.</summary>
    public bool HasStatistics => Has(Mean);

    /// <summary>Whether there are statistics of spatial features, too.</summary>
    public bool HasSpatialStatistics => Has(SpatialMean);

    /// <summary>Opens a file and reads its directory.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="MalformedFileException">It is no zip archive, or a broken one.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    public static NpzArchive Open(string path) => Open(ByteSource.OpenFile(path));

    /// <inheritdoc cref="Open(string)"/>
    /// <param name="source">The file's bytes, which it owns, also when this throws.</param>
    internal static NpzArchive Open(ByteSource source)
    {
        try
        {
            return new NpzArchive(source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file if it is an archive of arrays.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Null for another kind of file.</returns>
    /// <exception cref="MalformedFileException">It is a broken archive.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    public static NpzArchive? TryOpen(string path)
    {
        using (ByteSource source = ByteSource.OpenFile(path))
        {
            if (!NpzFile.IsNpz(source))
            {
                return null;
            }
        }

        return Open(path);
    }

    /// <summary>Opens the images, which are read while this archive is open.</summary>
    /// <exception cref="MalformedFileException">There are none, or they are not bytes [N, H, W, 3].</exception>
    public NpzImages Images() => new(Member(ImagesName) ?? throw new MalformedFileException(
        Path, $"has no array {ImagesName}, where images are looked for; save them with numpy.savez(file, images) as uint8 [N, H, W, 3]"));

    /// <summary>Reads the statistics of pooled features; null where there are none.</summary>
    /// <exception cref="MalformedFileException">One of mean and covariance is missing, or they do not fit each other.</exception>
    public NpzStatistics? Statistics() => Read(Mean, Covariance);

    /// <summary>Reads the statistics of spatial features; null where there are none of either kind.</summary>
    /// <exception cref="MalformedFileException">There are statistics of pooled features alone, or as <see cref="Statistics"/>.</exception>
    public NpzStatistics? SpatialStatistics() => Read(SpatialMean, SpatialCovariance) ?? (HasStatistics
        ? throw new MalformedFileException(
            Path,
            $"has {Mean} but not {SpatialMean} and {SpatialCovariance}, so there is no sFID with it; compare by FID alone, or give all four")
        : null);

    /// <summary>Reads another member: an array of bytes in one row; null where there is none of that name and kind.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="limit">Bytes beyond which it is not read; one of <see cref="ReadLimits"/>.</param>
    /// <exception cref="MalformedFileException">Its header is broken, or its checksum does not match.</exception>
    public byte[]? ReadBytes(string name, long limit)
    {
        using ByteSource? member = Member(name);
        if (member is null)
        {
            return null;
        }

        using NpyTensorFile file = new(member);
        if (file.Tensors[0] is not { Type: TensorType.U8, Shape: [var count] } info || count > limit)
        {
            return null;
        }

        byte[] bytes = new byte[count];
        file.ReadBytes(info, 0, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private bool Has(string name) => _zip.Find($"{name}.npy") is not null;

    private ByteSource? Member(string name) => _zip.Find($"{name}.npy") is { } entry ? _zip.Open(entry) : null;

    private NpzStatistics? Read(string meanName, string covarianceName)
    {
        if (!Has(meanName) && !Has(covarianceName))
        {
            return null;
        }

        (long[] meanShape, double[] mean) = Numbers(meanName, covarianceName);
        (long[] covarianceShape, double[] covariance) = Numbers(covarianceName, meanName);
        bool fits = meanShape is [> 0 and var d] && covarianceShape is [var rows, var columns] && rows == d && columns == d;
        return fits ? new NpzStatistics(mean, covariance) : throw new MalformedFileException(
            Path,
            $"has {meanName} of [{string.Join(", ", meanShape)}] and {covarianceName} of [{string.Join(", ", covarianceShape)}], "
            + "which are not a mean [D] and a covariance [D, D]; make the statistics again");
    }

    private (long[] Shape, double[] Values) Numbers(string name, string other)
    {
        using ByteSource member = Member(name)
            ?? throw new MalformedFileException(Path, $"has {other} but not {name}; make the statistics again with both");
        using NpyTensorFile file = new(member);
        TensorInfo info = file.Tensors[0] with { Name = name };
        if (info.Type is not (TensorType.F64 or TensorType.F32 or TensorType.F16) || info.Count > ReadLimits.StatisticsNumbers)
        {
            throw new MalformedFileException(Path, $"has {info}, which is neither a mean nor a covariance of features; make the statistics again");
        }

        byte[] stored = new byte[info.Bytes];
        file.ReadBytes(file.Tensors[0], 0, stored);
        return (info.Shape, info.Type switch
        {
            TensorType.F64 => MemoryMarshal.Cast<byte, double>(stored).ToArray(),
            TensorType.F32 => Array.ConvertAll(MemoryMarshal.Cast<byte, float>(stored).ToArray(), value => (double)value),
            _ => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(stored).ToArray(), value => (double)value),
        });
    }
}

/// <summary>Mean and covariance of features, as a file has them.</summary>
/// <param name="Mean">[D].</param>
/// <param name="Covariance">[D, D].</param>
public sealed record NpzStatistics(double[] Mean, double[] Covariance);
