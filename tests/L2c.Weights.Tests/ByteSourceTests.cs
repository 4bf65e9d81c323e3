using System.Diagnostics;
using System.Net.Sockets;
using L2c.Testing.Files;

namespace L2c.Weights.Tests;

public class ByteSourceTests
{
    [Fact]
    public void A_missing_file_and_a_directory_are_told_apart()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("no such file", Assert.Throws<FileNotFoundException>(() => TensorFiles.Open(folder.File("none"))).Message);
        Assert.Contains("is a directory", Assert.Throws<IOException>(() => TensorFiles.Open(folder.Path)).Message);
    }

    [Fact]
    public async Task A_pipe_is_refused_without_waiting_for_its_writer()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "named pipes are made by mkfifo");
        using TemporaryFolder folder = new();
        string pipe = folder.File("pipe");
        using (Process mkfifo = Process.Start("mkfifo", pipe))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        // With both ends open and bytes in it nobody waits for this pipe, so a reader that opens it fails here and does not hang.
        using FileStream ends = new(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        ends.Write(new byte[100]);
        Assert.Contains("not a regular file", Assert.Throws<MalformedFileException>(() => TensorFiles.Open(pipe)).Message);
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/dev/tty")]
    [InlineData("/proc/self/status")]
    public void What_is_no_regular_file_is_refused(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(path), $"there is no {path}");
        Exception refusal = Assert.ThrowsAny<IOException>(() => TensorFiles.Open(path));
        Assert.True(refusal.Message.Contains("not a regular file") || path == "/dev/tty", refusal.Message); // without a terminal it cannot be opened
    }

    [Fact]
    public void An_empty_file_is_refused_unless_its_kind_may_be_empty()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a"), []);
        Assert.Contains("is empty", Assert.Throws<MalformedFileException>(() => ByteSource.OpenFile(folder.File("a"))).Message);
        using ByteSource empty = ByteSource.OpenFile(folder.File("a"), mayBeEmpty: true);
        Assert.Empty(empty.ReadAll(0));
        Assert.Contains("empty", Assert.Throws<FileNotFoundException>(() => ByteSource.OpenFile("")).Message);
    }

    [Fact]
    public void A_link_to_itself_ends()
    {
        using TemporaryFolder folder = new();
        File.CreateSymbolicLink(folder.File("a"), folder.File("b"));
        File.CreateSymbolicLink(folder.File("b"), folder.File("a"));
        Assert.Contains("leads back to itself", Assert.Throws<IOException>(() => ByteSource.OpenFile(folder.File("a"))).Message);
    }

    [Fact]
    public void A_reader_does_not_lock_a_writer_out()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a"), [1, 2, 3]);
        using ByteSource source = ByteSource.OpenFile(folder.File("a"));
        using FileStream writer = new(folder.File("a"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        using ByteSource second = ByteSource.OpenFile(folder.File("a"));
        Assert.Equal(3, second.Length);
    }

    [Fact]
    public void A_file_beyond_the_limit_of_its_kind_is_not_read()
    {
        using ByteSource source = ByteSource.FromMemory("memory", new byte[11]);
        Assert.Contains("has 11 bytes", Assert.Throws<MalformedFileException>(() => source.ReadAll(10)).Message);
        Assert.Equal(11, source.ReadAll(11).Length);
    }

    [Fact]
    public void A_socket_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "a socket has a path");
        using TemporaryFolder folder = new();
        string path = folder.File("s");
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        Assert.Contains("not a regular file", Assert.Throws<MalformedFileException>(() => TensorFiles.Open(path)).Message);
    }

    [Fact]
    public void A_link_is_followed()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a"), ValidFiles.Safetensors);
        File.CreateSymbolicLink(folder.File("link"), folder.File("a"));
        using TensorFile file = TensorFiles.Open(folder.File("link"));
        Assert.NotEmpty(file.Tensors);
    }

    [Fact]
    public void A_file_that_shrinks_while_open_ends_in_a_refusal()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a");
        File.WriteAllBytes(path, ValidFiles.Safetensors);
        using TensorFile file = TensorFiles.Open(path);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(16);
        }

        Assert.Throws<MalformedFileException>(() => file.Bytes("x.F64"));
    }

    [Fact]
    public void A_refused_file_is_closed()
    {
        Counted source = new();
        Assert.Throws<MalformedFileException>(() => TensorFiles.Open(source));
        Assert.True(source.Closed);
    }

    private sealed class Counted() : ByteSource("counted")
    {
        public bool Closed { get; private set; }

        public override long Length => 100;

        protected override int Read(long offset, Span<byte> destination)
        {
            destination.Clear();
            return destination.Length;
        }

        protected override void Dispose(bool disposing) => Closed = true;
    }
}
