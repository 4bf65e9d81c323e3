using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using L2c.Kernels;
using L2c.Model.Metrics.Inception;
using L2c.Testing.Golden;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Golden;

/// <summary>Kind "inception_features": the weights, resized images, every stage and convolution, and the features of both recipes.</summary>
internal static class InceptionGolden
{
    /// <summary>Everything that is recorded.</summary>
    public static GoldenResult Run(GoldenCase golden, Device device)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        CompareWeights(result);
        using InceptionNetwork network = InceptionNetwork.Load(device, Reader(golden));
        foreach (InceptionRecipe recipe in Enum.GetValues<InceptionRecipe>())
        {
            InceptionImages images = new(recorded, recipe);
            images.Compare(result);
            var taps = new InceptionTaps(images.FirstRows);
            using var traced = new InceptionPass(network, images.Rows, InceptionFeatures.All, group: images.Rows);
            using var pass = new InceptionPass(network, images.Rows, InceptionFeatures.All);
            traced.Trace(images.Prepared(), (step, value) => taps.Add(step, value, images.Rows));
            taps.CompareStages(result, recorded, images.Prefix);
            if (recipe == InceptionRecipe.Adm)
            {
                taps.CompareConvolutions(result, recorded, images.Prefix);
            }

            CompareFeatures(result, recorded, images.Prefix, Features(pass, images.Prepared()));
        }

        return result;
    }

    /// <summary>The features of the first image by the recipe adm, with a fault.</summary>
    public static GoldenResult RunFirst(GoldenCase golden, Device device, InceptionFault fault = InceptionFault.None)
    {
        var result = new GoldenResult(golden);
        using GoldenTensors recorded = golden.Open();
        using InceptionNetwork network = InceptionNetwork.Load(device, Reader(golden, fault));
        if (device is ReluDroppingDevice dropping)
        {
            dropping.Weight = network.Convolution(InceptionStructure.Spatial).Weight;
        }

        InceptionImages images = new(recorded, InceptionRecipe.Adm);
        float[] prepared = (fault == InceptionFault.HalfPixelResize ? new InceptionImages(recorded, InceptionRecipe.PtFid).AsAdm() : images.Prepared())
            [..InceptionPass.ImageLength];
        using var pass = new InceptionPass(network, 1, InceptionFeatures.All);
        if (fault == InceptionFault.None)
        {
            CompareFeatures(result, recorded, images.Prefix, Features(pass, prepared));
            return result;
        }

        // Faulty devices change what they have computed, which a recording would not have computed yet.
        var another = new InceptionTaps([0]);
        pass.Trace(prepared, (step, value) => another.Add(step, value, 1));
        float[] row = new float[InceptionFeatures.All.Length()];
        pass.Read(row);
        Span<float> spatial = row.AsSpan(InceptionFeatures.All.RangeOf(InceptionFeatures.Spatial));
        ReadOnlySpan<float> channelsFirst = another.Convolution(
            fault == InceptionFault.AnotherBlock ? "Mixed_6e.branch1x1" : InceptionStructure.Spatial).AsSpan(0, spatial.Length);
        for (int i = 0; fault is InceptionFault.AnotherBlock or InceptionFault.ChannelsFirst && i < spatial.Length; i++)
        {
            (int position, int channel) = Math.DivRem(i, InceptionStructure.SpatialChannels);
            spatial[i] = channelsFirst[
                fault == InceptionFault.ChannelsFirst ? i : (channel * spatial.Length / InceptionStructure.SpatialChannels) + position];
        }

        CompareFeatures(result, recorded, images.Prefix, row);
        return result;
    }

    private static WeightReader Reader(GoldenCase golden, InceptionFault fault = InceptionFault.None)
    {
        SortedDictionary<string, float[]> weights = InceptionWeights.Of(golden);
        return (name, destination) =>
        {
            weights[name].CopyTo(destination);
            if (fault == InceptionFault.Epsilon && name.EndsWith(".running_var", StringComparison.Ordinal))
            {
                foreach (ref float variance in destination)
                {
                    variance += 1e-5f - 1e-3f;
                }
            }
        };
    }

    private static void CompareWeights(GoldenResult result)
    {
        SortedDictionary<string, float[]> weights = InceptionWeights.Of(result.Golden);
        JsonElement recipe = InceptionWeights.Recipe(result.Golden), tensors = recipe.GetProperty("tensors");
        result.CompareExactly<string>("names", [.. weights.Keys], [.. tensors.EnumerateObject().Select(t => t.Name).Order(StringComparer.Ordinal)]);
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, float[] values) in weights)
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
            all.AppendData(bytes);
            string expected = tensors.GetProperty(name).GetProperty("sha256").GetString()!;
            result.CompareExactly<string>(name, [Convert.ToHexStringLower(SHA256.HashData(bytes))], [expected]);
        }

        string together = recipe.GetProperty("sha256_all").GetString()!.Split(' ')[^1];
        result.CompareExactly<string>("sha256_all", [Convert.ToHexStringLower(all.GetHashAndReset())], [together]);
    }

    private static float[] Features(InceptionPass pass, float[] prepared)
    {
        float[] rows = new float[prepared.Length / InceptionPass.ImageLength * pass.Features.Length()];
        pass.Start(prepared);
        pass.Read(rows);
        return rows;
    }

    /// <summary>Compares as many rows as there are.</summary>
    private static void CompareFeatures(GoldenResult result, GoldenTensors recorded, string prefix, float[] rows)
    {
        int length = InceptionFeatures.All.Length();
        double[] pool = Part(InceptionFeatures.Pool), logits = Part(InceptionFeatures.Logits);
        Compare("pool", pool);
        Compare("pool_f64", pool);
        Compare("spatial", Part(InceptionFeatures.Spatial));
        Compare("logits", logits);
        Compare("softmax", [.. logits.Chunk(InceptionStructure.Classes).SelectMany(Softmax)]);

        double[] Part(InceptionFeatures part) =>
            [.. rows.Chunk(length).SelectMany(row => row[InceptionFeatures.All.RangeOf(part)]).Select(value => (double)value)];

        void Compare(string name, double[] actual) =>
            result.Compare(prefix + name, actual, recorded.Doubles(prefix + name).AsSpan(0, actual.Length));
    }

    private static double[] Softmax(double[] logits)
    {
        double largest = logits.Max();
        double[] powers = Array.ConvertAll(logits, logit => Math.Exp(logit - largest));
        double sum = powers.Sum();
        return Array.ConvertAll(powers, power => power / sum);
    }
}
