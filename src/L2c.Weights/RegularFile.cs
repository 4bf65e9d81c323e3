using System.Runtime.InteropServices;
using L2c.Weights.Storage;
using Microsoft.Win32.SafeHandles;

namespace L2c.Weights;

/// <summary>Opens regular files for reading, without waiting and without a lock.</summary>
/// <remarks>
/// On Unix a file is opened with O_NONBLOCK, and only then looked at: a pipe, device or socket in its place is refused whenever it came there, and
/// nobody waits for its other end. The runtime's own way takes a lock by which a reader can hinder a writer.
/// </remarks>
internal static class RegularFile
{
    // O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    private const int LinuxFlags = 0x800 | 0x100 | 0x80000, MacFlags = 0x4 | 0x20000 | 0x1000000;

    private const int NotPermitted = 1, NoEntry = 2, NoDevice = 6, AccessDenied = 13, WrongDevice = 19, NotADirectory = 20;
    private const int LinuxLoop = 40, MacLoop = 62, MacNotSupported = 102;

    /// <summary>Opens a file; its length is that of this moment.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a directory, may not be read, or its links lead back to themselves.</exception>
    /// <exception cref="MalformedFileException">It is a pipe, a device or a socket.</exception>
    public static (SafeFileHandle Handle, long Length) Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: is a directory; name a file in it");
        }

        SafeFileHandle handle = OperatingSystem.IsWindows() ? OpenOnWindows(path) : OpenOnUnix(path);
        try
        {
            // A file of /proc and a device such as /dev/zero have bytes, but no length.
            long length = RandomAccess.GetLength(handle);
            return length > 0 || RandomAccess.Read(handle, stackalloc byte[1], 0) == 0 ? (handle, length) : throw NoRegularFile(path);
        }
        catch (NotSupportedException e)
        {
            handle.Dispose();
            throw NoRegularFile(path, e);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenOnWindows(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw NotFound(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw NoAccess(path, e);
        }
    }

    private static SafeFileHandle OpenOnUnix(string path)
    {
        int file = FileSystem.Open(path, OperatingSystem.IsMacOS() ? MacFlags : LinuxFlags);
        int error = Marshal.GetLastPInvokeError();
        return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw (error switch
        {
            NoEntry or NotADirectory => NotFound(path),
            NotPermitted or AccessDenied => NoAccess(path),
            NoDevice or WrongDevice or MacNotSupported => NoRegularFile(path),
            LinuxLoop or MacLoop => new IOException($"{path}: is a link that leads back to itself; name the file"),
            _ => new IOException($"{path}: cannot be opened ({Marshal.GetPInvokeErrorMessage(error)})"),
        });
    }

    private static FileNotFoundException NotFound(string path) => new($"{path}: no such file; check the path", path);

    private static IOException NoAccess(string path, Exception? inner = null) => new($"{path}: cannot be read; check its permissions", inner);

    private static MalformedFileException NoRegularFile(string path, Exception? inner = null) =>
        new(path, "is not a regular file; copy its contents to one first", inner);
}
