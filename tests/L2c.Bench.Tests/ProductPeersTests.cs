using L2c.Bench.Peers;
using L2c.Kernels;
using L2c.Testing;

namespace L2c.Bench.Tests;

public sealed class ProductPeersTests
{
    public static TheoryData<int, int, int, int> Products => new(
        from form in Enum.GetValues<ProductForm>()
        from shape in ((int M, int N, int K)[])[(1, 1, 1), (64, 48, 32), (7, 13, 5)]
        select new TheoryDataRow<int, int, int, int>((int)form, shape.M, shape.N, shape.K));

    [Theory]
    [MemberData(nameof(Products))]
    public void OpenBlas_computes_the_product_that_its_row_is_about(int form, int m, int n, int k)
    {
        OpenBlas? openBlas = OpenBlas.TryLoad(threads: 1);
        Assert.SkipWhen(openBlas is null, "no OpenBLAS on this machine");
        MatrixProduct product = new((ProductForm)form, m, n, k);
        float[] left = OnnxInput.Values(product.Left.Count), right = OnnxInput.Values(product.Right.Count);
        float[] result = new float[product.Result.Count];
        openBlas.Multiply(product, left, right, result);
        AssertIs(Expected(product, left, right, bias: null), result);
        Assert.Matches(@"^\d+\.\d+", openBlas.Version);
        Assert.NotEqual("", openBlas.Core);
        Assert.Equal(1, openBlas.Threads);
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void OnnxRuntime_computes_the_product_that_its_row_is_about(int form, int m, int n, int k)
    {
        MatrixProduct product = new((ProductForm)form, m, n, k);
        AssertIs(Expected(product), Evaluate(product));
    }

    [Fact]
    public void OnnxRuntime_activates_by_the_same_function()
    {
        MatrixProduct product = new(ProductForm.Forward, 7, 13, 5, Activation.GeluTanh);
        double[] expected = [.. Expected(product).Select(x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))))];
        AssertIs(expected, Evaluate(product));
    }

    [Fact]
    public void Caches_are_told_by_level_size_and_sharing()
    {
        using TemporaryFolder folder = new();
        Cache("index0", "Data", 1, "48K", "0");
        Cache("index1", "Instruction", 1, "32K", "0");
        Cache("index2", "Unified", 2, "1024K", "0,8");
        Cache("index3", "Unified", 3, "32768K", "0-3,8-11");
        Assert.Equal(
            "L1d 48 KiB, L2 1024 KiB shared by 2 logical cores, L3 32768 KiB shared by 8 logical cores", Caches.Describe(folder.Path));
        Assert.StartsWith("unknown", Caches.Describe(Path.Combine(folder.Path, "none")), StringComparison.Ordinal);

        // Without a size there is nothing to tell; without a list of cores the size remains.
        File.Delete(Path.Combine(folder.Path, "index0", "size"));
        File.Delete(Path.Combine(folder.Path, "index2", "shared_cpu_list"));
        Assert.Equal("L2 1024 KiB, L3 32768 KiB shared by 8 logical cores", Caches.Describe(folder.Path));
        Array.ForEach(Directory.GetFiles(folder.Path, "size", SearchOption.AllDirectories), File.Delete);
        Assert.StartsWith("unknown", Caches.Describe(folder.Path), StringComparison.Ordinal);

        void Cache(string name, string type, int level, string size, string cores)
        {
            string path = Directory.CreateDirectory(Path.Combine(folder.Path, name)).FullName;
            foreach ((string file, string text) in new[] { ("type", type), ("level", $"{level}"), ("size", size), ("shared_cpu_list", cores) })
            {
                File.WriteAllText(Path.Combine(path, file), text + "\n");
            }
        }
    }

    private static float[] Evaluate(MatrixProduct product)
    {
        using OnnxNetwork network = OnnxProduct.Create(product, threads: 1);
        return network.Evaluate();
    }

    private static double[] Expected(MatrixProduct product) => Expected(
        product, OnnxInput.Values(product.Left.Count), OnnxInput.Values(product.Right.Count),
        product.Form == ProductForm.Forward ? OnnxInput.Values(product.N) : null);

    private static double[] Expected(MatrixProduct product, float[] left, float[] right, float[]? bias)
    {
        (int m, int n, int k) = (product.M, product.N, product.K);
        return product.Form switch
        {
            ProductForm.Forward => Sums(m, n, k, (row, column, at) => (double)left[(row * k) + at] * right[(column * k) + at]),
            ProductForm.InputGradient => Sums(m, k, n, (row, column, at) => (double)left[(row * n) + at] * right[(at * k) + column]),
            _ => Sums(n, k, m, (row, column, at) => (double)left[(at * n) + row] * right[(at * k) + column]),
        };

        double[] Sums(int rows, int columns, int inner, Func<int, int, int, double> term) =>
        [
            .. from row in Enumerable.Range(0, rows)
               from column in Enumerable.Range(0, columns)
               select Enumerable.Range(0, inner).Sum(at => term(row, column, at)) + (bias?[column] ?? 0),
        ];
    }

    private static void AssertIs(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }
}
