using L2c.Native.Libraries;
using L2c.Native.Tests.Fake;

namespace L2c.Native.Tests;

public sealed class LibrarySearchTests
{
    [Fact]
    public void The_systems_search_is_asked_first_and_the_newest_version_wins()
    {
        FakeLoader loader = new() { Loadable = { "libcublasLt.so.12", "libcublasLt.so.11", "/usr/local/cuda/lib64/libcublasLt.so.13" } };

        Assert.Equal("libcublasLt.so.12", LibrarySearch.CublasLt.Load(loader).File);
        Assert.Equal(["libcublasLt.so.13", "libcublasLt.so.12"], loader.Tried);
    }

    [Theory]
    [InlineData("CUDA_HOME", "/opt/cuda", "/opt/cuda/lib64/libcublasLt.so.13")]
    [InlineData("CUDA_PATH", "/opt/cuda/", "/opt/cuda/targets/x86_64-linux/lib/libcublasLt.so.13")]
    [InlineData("LD_LIBRARY_PATH", ":/a:/b", "/b/libcublasLt.so")]
    [InlineData("UNUSED", "", "/usr/local/cuda/lib64/libcublasLt.so.12")]
    public void Folders_come_from_the_environment_and_the_default_place(string variable, string value, string file)
    {
        FakeLoader loader = new() { Variables = { [variable] = value }, Loadable = { file } };

        Assert.Equal(file, LibrarySearch.CublasLt.Load(loader).File);
    }

    [Fact]
    public void CUDA_HOME_goes_before_the_default_place()
    {
        FakeLoader loader = new()
        {
            Variables = { ["CUDA_HOME"] = "/opt/cuda" },
            Loadable = { "/usr/local/cuda/lib64/libcublasLt.so.13", "/opt/cuda/lib64/libcublasLt.so.11" },
        };

        Assert.Equal("/opt/cuda/lib64/libcublasLt.so.11", LibrarySearch.CublasLt.Load(loader).File);
    }

    [Fact]
    public void Windows_has_its_own_names_and_folders()
    {
        FakeLoader loader = new()
        {
            IsWindows = true,
            Variables = { ["CUDA_PATH"] = @"C:\CUDA\v13.0", ["LD_LIBRARY_PATH"] = "/ignored" },
            Loadable = { "nvcuda.dll", @"C:\CUDA\v13.0/bin/x64/cublasLt64_13.dll", "/ignored/cublasLt64_13.dll" },
        };

        Assert.Equal("nvcuda.dll", LibrarySearch.Driver.Load(loader).File);
        Assert.Equal(@"C:\CUDA\v13.0/bin/x64/cublasLt64_13.dll", LibrarySearch.CublasLt.Load(loader).File);
    }

    [Fact]
    public void A_failure_says_what_was_looked_for_and_where_in_one_line()
    {
        FakeLoader loader = new() { Variables = { ["CUDA_HOME"] = "/opt/cuda", ["LD_LIBRARY_PATH"] = "/a" } };

        string message = Assert.Throws<CudaUnavailableException>(() => LibrarySearch.Driver.Load(loader)).Message;

        Assert.Equal(
            "libcuda: not found; looked for libcuda.so.1, libcuda.so in the system's library search, /opt/cuda, /opt/cuda/lib64, "
            + "/opt/cuda/targets/x86_64-linux/lib, /usr/local/cuda, /usr/local/cuda/lib64, /usr/local/cuda/targets/x86_64-linux/lib, /a; "
            + "install the NVIDIA driver",
            message);
    }

    [Fact]
    public void A_file_that_exists_and_does_not_load_is_named_with_the_reason()
    {
        FakeLoader loader = new()
        {
            Broken = { "/usr/local/cuda/lib64/libcublasLt.so.13" },
            Loadable = { "/usr/local/cuda/lib64/libcublasLt.so.12" },
        };
        Assert.Equal("/usr/local/cuda/lib64/libcublasLt.so.12", LibrarySearch.CublasLt.Load(loader).File);

        loader.Loadable.Clear();
        string message = Assert.Throws<CudaUnavailableException>(() => LibrarySearch.CublasLt.Load(loader)).Message;
        Assert.Contains("/usr/local/cuda/lib64/libcublasLt.so.13 does not load (wrong ELF class)", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_symbol_is_named_with_the_file()
    {
        FakeLoader loader = new() { Loadable = { "libcuda.so.1" } };

        string message = Assert.Throws<CudaUnavailableException>(() => LibCuda.Load(loader)).Message;

        Assert.StartsWith("libcuda.so.1: has no cuDriverGetVersion (version unknown); ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_behind_a_bare_name_is_found()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks for the C library of Linux");
        SystemLibraryLoader loader = new();
        nint library = loader.Load("libc.so.6", out string? problem);
        Assert.True(library != 0, problem);

        string? file = loader.FileOf(loader.GetExport(library, "malloc"));

        Assert.True(Path.IsPathRooted(file), file);
        Assert.Contains("libc", Path.GetFileName(file), StringComparison.Ordinal);
        Assert.Equal(0, loader.Load("libl2c-no-such-library.so.1", out problem));
        Assert.DoesNotContain('\n', problem!);
    }
}
