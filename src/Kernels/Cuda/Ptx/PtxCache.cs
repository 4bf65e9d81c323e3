using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace L2c.Kernels.Cuda;

/// <summary>Compiled PTX on disk, one file per kernel, block size and target. It only saves time: what is missing, damaged or unwritable is
/// compiled.</summary>
/// <remarks>
/// Files lie in a folder per build of L2c.Kernels: its module version id changes with every change of its code, so a file can never be older than
/// what made it. Within it a name is the hash of everything else that the text depends on. A new build removes the folders that no build has
/// written to for two weeks.
/// </remarks>
/// <param name="folder">Where the builds' folders lie; created when something is written.</param>
public sealed class PtxCache(string folder)
{
    private const string Header = "// l2c ptx ";
    private const long MaxFileBytes = 64 << 20;

    private static readonly TimeSpan _keep = TimeSpan.FromDays(14);

    private readonly string _build = Path.Combine(folder, Id(typeof(PtxCache).Module));

    /// <summary>The text of a kernel, or null if it is not there whole.</summary>
    internal (string EntryName, string Text)? Read(MethodInfo kernel, int threadsPerBlock, PtxTarget target, int minBlocks)
    {
        if (DiskCache.Read(FileOf(kernel, threadsPerBlock, target, minBlocks), MaxFileBytes) is not { } content)
        {
            return null;
        }

        // "// l2c ptx ENTRY HASH", then the text.
        int end = content.IndexOf('\n', StringComparison.Ordinal);
        string[] header = end < 0 || !content.StartsWith(Header, StringComparison.Ordinal) ? [] : content[Header.Length..end].Split(' ');
        return header.Length == 2 && header[1] == Hash(content[(end + 1)..]) ? (header[0], content[(end + 1)..]) : null;
    }

    /// <summary>Keeps the text of a kernel; a file that cannot be written is not.</summary>
    internal void Write(MethodInfo kernel, int threadsPerBlock, PtxTarget target, int minBlocks, string entryName, string text)
    {
        string file = FileOf(kernel, threadsPerBlock, target, minBlocks);
        string temporary = string.Create(CultureInfo.InvariantCulture, $"{file}.{Environment.ProcessId}.{Guid.NewGuid():n}");
        try
        {
            if (!Directory.Exists(_build))
            {
                Directory.CreateDirectory(_build);
                RemoveOldBuilds();
            }

            // Readers see the whole file or none, whoever else writes it meanwhile.
            File.WriteAllText(temporary, $"{Header}{entryName} {Hash(text)}\n{text}");
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(() => File.Delete(temporary));
        }
    }

    /// <summary>Where the text of a kernel lies.</summary>
    internal string FileOf(MethodInfo kernel, int threadsPerBlock, PtxTarget target, int minBlocks = 0)
    {
        IEnumerable<Type> types = [kernel.DeclaringType!, .. kernel.GetGenericArguments()];
        string key = string.Create(
            CultureInfo.InvariantCulture,
            $"{typeof(ILGPU.Context).Assembly.GetName().Version} {target} {target.InstructionSet} {threadsPerBlock} {minBlocks} {kernel}");
        return Path.Combine(_build, Hash(string.Join('\n', [key, .. types.Select(type => $"{Id(type.Module)} {type}")])) + ".ptx");
    }

    private void RemoveOldBuilds()
    {
        foreach (string build in Directory.EnumerateDirectories(folder))
        {
            // Only folders that are named as a build is: the user may have pointed L2C_CACHE anywhere.
            if (Guid.TryParseExact(Path.GetFileName(build), "n", out _) && Directory.GetLastWriteTimeUtc(build) < DateTime.UtcNow - _keep)
            {
                TryDelete(() => Directory.Delete(build, recursive: true));
            }
        }
    }

    private static void TryDelete(Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, or gone already: it costs room and nothing else.
        }
    }

    private static string Id(Module module) => module.ModuleVersionId.ToString("n", CultureInfo.InvariantCulture);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
