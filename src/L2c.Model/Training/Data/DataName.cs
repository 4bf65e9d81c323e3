using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace L2c.Model.Training.Data;

/// <summary>The name of data in files: the same wherever the data lie, and another for other files.</summary>
public static class DataName
{
    private const int HashDigits = 12;

    /// <summary>Names data.</summary>
    /// <param name="path">The file or folder; only its last component is in the name.</param>
    /// <param name="content">What there is in it, as <c>7 items</c>.</param>
    /// <param name="seed">Seed of the order in which items come.</param>
    /// <param name="files">
    /// A line per file in the order of reading, from <see cref="Line"/>; 48 bits of their SHA-256 are in the name. What the files hold is not read.
    /// </param>
    /// <returns>As <c>cats, 7 items, order of seed 0, files 0123456789ab</c>.</returns>
    public static string Of(string path, string content, ulong seed, IEnumerable<string> files)
    {
        string last = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string line in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
        }

        return $"{last}, {content}, order of seed {seed}, files {Convert.ToHexStringLower(hash.GetHashAndReset())[..HashDigits]}";
    }

    /// <summary>A file's name below a folder, and its size in bytes.</summary>
    /// <param name="folder">The data's folder.</param>
    /// <param name="path">A file in it, at any depth.</param>
    /// <exception cref="IOException">The file cannot be found.</exception>
    public static string Line(string folder, string path) =>
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetRelativePath(folder, path)} {new FileInfo(path).Length}");
}
