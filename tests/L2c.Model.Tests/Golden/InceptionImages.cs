using L2c.Model.Metrics.Inception;
using L2c.Testing.Golden;

namespace L2c.Model.Tests.Golden;

/// <summary>The recorded images by one recipe: one row per image, each file's in their order.</summary>
internal sealed class InceptionImages
{
    private readonly GoldenTensors _recorded;
    private readonly InceptionRecipe _recipe;
    private readonly List<float[]> _resized = [], _prepared = [];
    private readonly List<int> _firstRows = [];

    /// <summary>Resizes them.</summary>
    public InceptionImages(GoldenTensors recorded, InceptionRecipe recipe)
    {
        (_recorded, _recipe) = (recorded, recipe);
        for (int file = 0; recorded.File.Find($"image{file}") is { } info; file++)
        {
            _firstRows.Add(_resized.Count);
            byte[] pixels = recorded.Bytes(info);
            int length = pixels.Length / (int)info.Shape[0];
            var input = new InceptionInput(recipe, (int)info.Shape[1], (int)info.Shape[2]);
            foreach (byte[] image in pixels.Chunk(length))
            {
                float[] resized = new float[InceptionPass.ImageLength], prepared = new float[InceptionPass.ImageLength];
                input.Resize(image, resized);
                input.Prepare(image, prepared);
                _resized.Add(resized);
                _prepared.Add(prepared);
            }
        }
    }

    /// <summary>What the recipe's tensors begin with.</summary>
    public string Prefix => _recipe == InceptionRecipe.Adm ? "adm." : "ptfid.";

    /// <summary>All images.</summary>
    public int Rows => _resized.Count;

    /// <summary>The row of each file's first image.</summary>
    public IReadOnlyList<int> FirstRows => _firstRows;

    /// <summary>[rows,299,299,3].</summary>
    public float[] Prepared() => [.. _prepared.SelectMany(image => image)];

    /// <summary>The images resized by this recipe and scaled as adm scales.</summary>
    public float[] AsAdm() => [.. _resized.SelectMany(image => image).Select(value => ((value * 255) - 128) / 128)];

    /// <summary>Compares each file's first image.</summary>
    public void Compare(GoldenResult result)
    {
        int[] kept = [.. result.Golden.Config.GetProperty("resized_rows").EnumerateArray().Select(row => row.GetInt32())];
        List<double> sums = [];
        for (int file = 0; file < _firstRows.Count; file++)
        {
            float[] image = _resized[_firstRows[file]];
            float[][] rows = [.. image.Chunk(image.Length / 299)];
            CompareIfRecorded($"resized.{file}", image);
            CompareIfRecorded($"resized_rows.{file}", [.. kept.SelectMany(row => rows[row])]);
            sums.Add(image.Sum(value => (double)value));
            sums.Add(image.Sum(value => (double)value * value));
        }

        result.Compare(Prefix + "resized_sums", sums.ToArray(), _recorded.Doubles(Prefix + "resized_sums"));

        void CompareIfRecorded(string name, float[] actual)
        {
            if (_recorded.File.Find(Prefix + name) is not null)
            {
                result.Compare(Prefix + name, actual, _recorded.Doubles(Prefix + name));
            }
        }
    }
}
