using System.Text;
using System.Text.Json;

namespace L2c.Cli.Tests.NativeEmulator;

/// <summary>How the program finds the vendor's libraries through the system's loader, and what it says of those that will not do.</summary>
public sealed class LibrarySearchOnDiskTests : IDisposable
{
    private readonly CliRunner _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void Devices_names_files_versions_and_the_device()
    {
        CliResult devices = NativeEmulator.Run(_cli, "devices", "--json");
        JsonElement cuda = devices.Json.GetProperty("cuda");
        string file = Path.Combine(NativeEmulator.Folder, "libcuda.so.1");
        Assert.Equal((file, "13.0"), Library(cuda, "driver"));
        Assert.Equal((file, "12.9.1"), Library(cuda, "cublasLt")); // both names are one file
        JsonElement device = Assert.Single(cuda.GetProperty("devices").EnumerateArray());
        Assert.Equal("emulated sm_90", device.GetProperty("name").GetString());
        Assert.Equal(("9.0", 132, 16L << 30), (
            device.GetProperty("computeCapability").GetString(),
            device.GetProperty("multiprocessors").GetInt32(),
            device.GetProperty("totalMemoryBytes").GetInt64()));
        Assert.Equal("", devices.Err);
    }

    [Fact]
    public void The_newest_name_wins_whatever_folder_it_is_in()
    {
        string first = Copy("first", "libcublasLt.so.11");
        Dictionary<string, string> path = new() { ["LD_LIBRARY_PATH"] = $"{first}:{NativeEmulator.Folder}" };
        Assert.Equal(Path.Combine(NativeEmulator.Folder, "libcuda.so.1"), CublasLtFile());
        _ = Copy("first", "libcublasLt.so.13");
        Assert.Equal(Path.Combine(first, "libcublasLt.so.13"), CublasLtFile());

        // A copy of the file is a library of its own, without the driver's context: both names have to be one file.
        string error = NativeEmulator.Run(_cli, path, "sample", "--count", "1", "--device", "cuda", "--json").Err;
        Assert.Equal("l2c: error: cuda:0 cannot be opened: cublasLtCreate: CUBLAS_STATUS_NOT_INITIALIZED (1); use --device cpu\n", error);

        string CublasLtFile() => Library(NativeEmulator.Run(_cli, path, "devices", "--json").Json.GetProperty("cuda"), "cublasLt").File;
    }

    [Fact]
    public void A_toolkit_that_only_CUDA_HOME_names_is_found_in_its_folder_for_libraries()
    {
        Dictionary<string, string> home = new() { ["CUDA_HOME"] = _cli.PathOf("toolkit") };
        JsonElement none = NativeEmulator.Run(_cli, new Dictionary<string, string>(), "devices", "--json").Json.GetProperty("cuda");
        Assert.SkipUnless(none.GetProperty("driver").TryGetProperty("problem", out _), "this machine has a driver, which is found first");
        string file = Path.Combine(Copy("toolkit/lib64", "libcuda.so.1"), "libcuda.so.1");
        File.CreateSymbolicLink(_cli.PathOf("toolkit/lib64/libcublasLt.so.12"), "libcuda.so.1");
        JsonElement cuda = NativeEmulator.Run(_cli, home, "devices", "--json").Json.GetProperty("cuda");
        Assert.Equal((file, "13.0"), Library(cuda, "driver"));
        Assert.Equal((_cli.PathOf("toolkit/lib64/libcublasLt.so.12"), "12.9.1"), Library(cuda, "cublasLt"));
    }

    [Theory]
    [InlineData("cuLaunchKernel", "driver", "driver for CUDA 13.0", "install the NVIDIA driver, in a newer version")]
    [InlineData("cuGraphInstantiateWithFlags", "driver", "driver for CUDA 13.0", "install the NVIDIA driver, in a newer version")]
    [InlineData("cublasLtMatmulAlgoCheck", "cublasLt", "cuBLASLt 12.9.1", "install cuBLAS 11 or newer, or put its folder on LD_LIBRARY_PATH")]
    public void A_library_without_one_function_is_refused_in_one_line(string function, string library, string version, string advice)
    {
        string folder = Copy("lacking", "libcuda.so.1"), file = Path.Combine(folder, "libcuda.so.1");
        File.CreateSymbolicLink(Path.Combine(folder, "libcublasLt.so.12"), "libcuda.so.1");
        byte[] bytes = File.ReadAllBytes(file);
        int place = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"\0{function}\0")); // in the table of exported names
        Assert.True(place > 0);
        bytes[place + function.Length] ^= 1;
        File.WriteAllBytes(file, bytes);

        Dictionary<string, string> path = new() { ["LD_LIBRARY_PATH"] = folder };
        string expected = $"{file}: has no {function} ({version}); {advice}";
        JsonElement cuda = NativeEmulator.Run(_cli, path, "devices", "--json").Json.GetProperty("cuda");
        Assert.StartsWith(expected, cuda.GetProperty(library).GetProperty("problem").GetString(), StringComparison.Ordinal);
        CliResult sample = NativeEmulator.Run(_cli, path, "sample", "--count", "1", "--device", "cuda", "--json");
        sample.MustFail(3, expected);
    }

    private static (string File, string Version) Library(JsonElement cuda, string name)
    {
        JsonElement library = cuda.GetProperty(name);
        return (library.GetProperty("file").GetString()!, library.GetProperty("version").GetString()!);
    }

    private string Copy(string folder, string name)
    {
        string path = Directory.CreateDirectory(_cli.PathOf(folder)).FullName;
        File.Copy(Path.Combine(NativeEmulator.Folder, "libcuda.so.1"), Path.Combine(path, name));
        return path;
    }
}
