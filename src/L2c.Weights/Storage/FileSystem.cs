using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace L2c.Weights.Storage;

/// <summary>What .NET does not offer of file systems: opening without following links, renaming without replacing, locks, flushed folders.</summary>
/// <remarks>
/// On Linux by system calls, whose numbers and structures here are those of x86-64 and arm64. Elsewhere by the nearest that .NET has: links are then
/// looked for before a file is opened, folders are not flushed, and the rest is as strict as <see cref="File"/>.
/// Source: man 2 open, statx, renameat2, link, flock, fsync.
/// </remarks>
public static class FileSystem
{
    private const int AtCurrentFolder = -100, AtEmptyPath = 0x1000, AtNoFollow = 0x100;
    private const int ReadWrite = 2, Create = 0x40, Exclusive = 0x80, NoTerminal = 0x100, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int LockExclusive = 2, LockNonBlocking = 4;
    private const uint RenameNoReplace = 1, FileMode666 = 0x1B6;
    private const int NoEntry = 2, Exists = 17, CrossesDevices = 18, NotFolder = 20, InvalidArgument = 22, NotImplemented = 38;
    private const int WouldBlock = 11, NotPermitted = 1, NotSupported = 95, TooManyLinks = 40, NoDevice = 6, IsFolder = 21;

    // stx_nlink and stx_mode of struct statx, which is the same on all architectures.
    private const int StatxBytes = 256, LinksAt = 16, ModeAt = 28;
    private const uint StatxTypeAndLinks = 5;

    private static readonly bool _linux =
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    private static readonly bool _arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    private static int NoFollow => _arm ? 0x8000 : 0x20000;

    private static int FolderOnly => _arm ? 0x4000 : 0x10000;

    /// <summary>What a name stands for. A folder on the way that is a link is followed.</summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    public static EntryKind KindOf(string path) => Look(path).Kind;

    /// <summary>What a name stands for, and how many names the file has.</summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    internal static (EntryKind Kind, uint Names) Look(string path)
    {
        if (!_linux)
        {
            return (ManagedKindOf(path), 1u);
        }

        byte[] status = new byte[StatxBytes];
        return Status(AtCurrentFolder, Bytes(path), AtNoFollow, StatxTypeAndLinks, status) == 0 ? Parse(status)
            : Marshal.GetLastPInvokeError() is NoEntry or NotFolder ? (EntryKind.None, 0u)
            : throw Failure(path);
    }

    /// <summary>What an open file is, and how many names it has.</summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    internal static (EntryKind Kind, uint Names) Status(SafeFileHandle file, string path)
    {
        if (!_linux)
        {
            return (EntryKind.File, 1);
        }

        byte[] status = new byte[StatxBytes];
        return Status(file, [0], AtEmptyPath, StatxTypeAndLinks, status) == 0
            ? Parse(status)
            : throw Failure(path);
    }

    /// <summary>Opens for reading and writing what has a name. Neither follows a link nor waits for a pipe.</summary>
    /// <param name="path">The name.</param>
    /// <param name="create">Whether a new file is made; then nothing may have the name.</param>
    /// <param name="kind">What has the name now, where nothing is returned.</param>
    /// <returns>Null if another entry has the name, or none where none is made.</returns>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal static SafeFileHandle? TryOpen(string path, bool create, out EntryKind kind)
    {
        kind = EntryKind.File;
        if (!_linux)
        {
            kind = KindOf(path);
            return kind != (create ? EntryKind.None : EntryKind.File)
                ? null
                : File.OpenHandle(path, create ? FileMode.CreateNew : FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }

        int flags = ReadWrite | NoTerminal | NonBlocking | CloseOnExec | NoFollow | (create ? Create | Exclusive : 0);
        int file = Open(Bytes(path), flags, FileMode666);
        if (file >= 0)
        {
            SafeFileHandle handle = new(file, ownsHandle: true);
            bool isFile = false;
            try
            {
                kind = Status(handle, path).Kind;
                isFile = kind == EntryKind.File;
                return isFile ? handle : null;
            }
            finally
            {
                if (!isFile)
                {
                    handle.Dispose();
                }
            }
        }

        int error = Marshal.GetLastPInvokeError();
        if (error is not (NoEntry or Exists or TooManyLinks or NoDevice or IsFolder) || (error == NoEntry && create))
        {
            throw Failure(path);
        }

        kind = KindOf(path);
        return null;
    }

    /// <summary>Takes the lock of an open file that one process at a time can have. The system takes it back when the process ends, however it
    /// ends.</summary>
    internal static FileLock TryLock(SafeFileHandle file)
    {
        if (!_linux)
        {
            return FileLock.Unsupported;
        }

        return Lock(file, LockExclusive | LockNonBlocking) == 0 ? FileLock.Taken
            : Marshal.GetLastPInvokeError() == WouldBlock ? FileLock.Held : FileLock.Unsupported;
    }

    /// <summary>Renames a file in its file system, in one step, unless something has the new name.</summary>
    /// <returns>Whether it was renamed; false if something has the new name.</returns>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    internal static bool TryRename(string from, string to)
    {
        if (_linux)
        {
            if (Rename(AtCurrentFolder, Bytes(from), AtCurrentFolder, Bytes(to), RenameNoReplace) == 0)
            {
                return true;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == Exists)
            {
                return false;
            }

            // File systems over networks often cannot do it; a second name for the file is as strict.
            if (error is not (InvalidArgument or NotImplemented or NotSupported))
            {
                throw Failure(to);
            }

            if (Link(Bytes(from), Bytes(to)) == 0)
            {
                File.Delete(from);
                return true;
            }

            error = Marshal.GetLastPInvokeError();
            if (error == Exists)
            {
                return false;
            }

            if (error is not (NotPermitted or NotSupported or NotImplemented or CrossesDevices))
            {
                throw Failure(to);
            }
        }

        // Looks first and renames then: all that is left where files have one name only.
        if (KindOf(to) != EntryKind.None)
        {
            return false;
        }

        File.Move(from, to, overwrite: false);
        return true;
    }

    /// <summary>Brings the names in a folder to the disk, as far as its file system does that.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    internal static void FlushFolder(string path)
    {
        if (!_linux)
        {
            return;
        }

        int folder = Open(Bytes(path), FolderOnly | CloseOnExec, 0);
        if (folder < 0)
        {
            // A folder that may be written to but not read. Nothing is lost by it unless the power fails.
            return;
        }

        using SafeFileHandle handle = new(folder, ownsHandle: true);
        if (Flush(handle) != 0 && Marshal.GetLastPInvokeError() is not (InvalidArgument or NotSupported or NotImplemented))
        {
            throw Failure(path);
        }
    }

    /// <summary>Whether .NET failed because another process has a lock of the file.</summary>
    internal static bool IsLocked(IOException failure) => failure.HResult == WouldBlock;

    /// <summary>The system's call alone: opens for reading, on any Unix.</summary>
    /// <returns>A descriptor, or below 0; then <see cref="Marshal.GetLastPInvokeError"/> says why.</returns>
    internal static int Open(string path, int flags) => Open(Bytes(path), flags, 0);

    /// <summary>The system's words for an error of reading or writing, without the path that .NET adds.</summary>
    internal static string Reason(Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => Marshal.GetPInvokeErrorMessage(NoEntry),
        { HResult: > 0 and < 4096 } => Marshal.GetPInvokeErrorMessage(failure.HResult),
        _ => failure.Message,
    };

    private static (EntryKind Kind, uint Names) Parse(byte[] status)
    {
        EntryKind kind = (BinaryPrimitives.ReadUInt16LittleEndian(status.AsSpan(ModeAt)) & 0xF000) switch
        {
            0x8000 => EntryKind.File,
            0x4000 => EntryKind.Folder,
            0xA000 => EntryKind.Link,
            _ => EntryKind.Device,
        };
        return (kind, BinaryPrimitives.ReadUInt32LittleEndian(status.AsSpan(LinksAt)));
    }

    private static EntryKind ManagedKindOf(string path)
    {
        FileInfo entry = new(path);
        return entry.LinkTarget is not null ? EntryKind.Link
            : Directory.Exists(path) ? EntryKind.Folder
            : !entry.Exists ? EntryKind.None
            : entry.Attributes.HasFlag(FileAttributes.Device) ? EntryKind.Device
            : EntryKind.File;
    }

    private static IOException Failure(string path)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    private static byte[] Bytes(string path) => Encoding.UTF8.GetBytes(path + '\0');

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags, uint mode);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Status(int folder, byte[] path, int flags, uint mask, byte[] status);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Status(SafeFileHandle file, byte[] path, int flags, uint mask, byte[] status);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    private static extern int Rename(int fromFolder, byte[] from, int toFolder, byte[] to, uint flags);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link(byte[] from, byte[] to);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static extern int Lock(SafeFileHandle file, int operation);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Flush(SafeFileHandle file);
}
