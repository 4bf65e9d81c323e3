using System.Reflection;
using L2c.Kernels.Cuda;
using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

public sealed class PtxCacheTests : IDisposable
{
    private static readonly KernelTemplate _template = GatherRowsKernel.Plain;
    private static readonly MethodInfo _kernel = _template.For(DType.F32);

    private readonly TemporaryFolder _folder = new();

    private PtxCache Cache => new(_folder.Path);

    private string FileOfKernel => Cache.FileOf(_kernel, _template.Threads, PtxTarget.Sm80);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_compiled_is_read_back_whole()
    {
        PtxKernel compiled = Compile();
        string file = FileOfKernel;
        DateTime marked = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(file, marked);

        Assert.Equal(compiled, Compile());
        Assert.Equal(marked, File.GetLastWriteTimeUtc(file));
        Assert.Equal([Path.GetFileName(file)], Directory.GetFiles(Path.GetDirectoryName(file)!).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public void The_text_on_disk_is_the_one_that_is_used()
    {
        Compile();
        Cache.Write(_kernel, _template.Threads, PtxTarget.Sm80, minBlocks: 0, "Another", "text");

        PtxKernel read = Compile();
        Assert.Equal(("Another", "text"), (read.EntryName, read.Text));
    }

    [Theory]
    [InlineData("cut short", 0.5)]
    [InlineData("empty", 0.0)]
    [InlineData("header alone", 0.001)]
    public void A_damaged_file_is_compiled_anew_and_replaced(string damage, double keep)
    {
        PtxKernel compiled = Compile();
        byte[] whole = File.ReadAllBytes(FileOfKernel);
        File.WriteAllBytes(FileOfKernel, whole[..(int)(keep * whole.Length)]);

        Assert.True(compiled == Compile(), damage);
        Assert.Equal(whole, File.ReadAllBytes(FileOfKernel));
    }

    [Fact]
    public void A_changed_byte_is_noticed()
    {
        PtxKernel compiled = Compile();
        byte[] content = File.ReadAllBytes(FileOfKernel);
        content[^20] ^= 1;
        File.WriteAllBytes(FileOfKernel, content);

        Assert.Equal(compiled, Compile());
    }

    [Fact]
    public void Every_form_target_and_block_size_has_a_file_of_its_own()
    {
        string[] files =
        [
            .. KernelForms.All.SelectMany(form => KernelForms.Targets.Select(target => Cache.FileOf(form.Method, form.Threads, target, form.MinBlocks))),
            Cache.FileOf(_kernel, 2 * _template.Threads, PtxTarget.Sm80),
            Cache.FileOf(_kernel, _template.Threads, PtxTarget.Sm80, minBlocks: 2),
        ];
        Assert.Equal(files.Length, files.Distinct().Count());
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_nothing_but_time()
    {
        string blocked = _folder.File("blocked");
        File.WriteAllText(blocked, "a file where the folder should be");
        PtxCompiler compiler = new(new PtxCache(blocked));

        Assert.Equal(Compile(), compiler.Compile(_kernel, _template.Threads, PtxTarget.Sm80));
    }

    [Fact]
    public void A_new_build_removes_only_builds_that_are_out_of_use()
    {
        string old = Folder(Guid.NewGuid().ToString("n"), days: 15), recent = Folder(Guid.NewGuid().ToString("n"), days: 13);
        string foreign = Folder("photographs", days: 1000);
        Compile();

        Assert.False(Directory.Exists(old));
        Assert.True(Directory.Exists(recent));
        Assert.True(File.Exists(Path.Combine(foreign, "x.ptx")));

        string Folder(string name, int days)
        {
            string path = Directory.CreateDirectory(_folder.File(name)).FullName;
            File.WriteAllText(Path.Combine(path, "x.ptx"), "");
            Directory.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-days));
            return path;
        }
    }

    private PtxKernel Compile()
    {
        PtxCompiler compiler = new(Cache);
        return compiler.Compile(_kernel, _template.Threads, PtxTarget.Sm80);
    }
}
