using L2c.Weights;

namespace WeightsConverter.Tests;

/// <summary>The program called in this process.</summary>
/// <param name="Code">Exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record Tool(int Code, string Output, string Error)
{
    public static Tool Run(params string[] args) => RunUntil(CancellationToken.None, args);

    public static Tool RunUntil(CancellationToken cancel, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = Program.Run(args, output, error, interactive: false, cancel);
        return new Tool(code, output.ToString(), error.ToString());
    }

    /// <summary>Standard error must be one line with the program's name.</summary>
    public string SingleErrorLine()
    {
        Assert.StartsWith("weights-converter: error: ", Error, StringComparison.Ordinal);
        Assert.Equal(Error.Length - 1, Error.IndexOf('\n', StringComparison.Ordinal));
        return Error.TrimEnd('\n');
    }

    /// <summary>A recorded file, or a skipped test.</summary>
    public static string Recorded(string? folder, string name)
    {
        string? path = folder is null ? null : Path.Combine(folder, name);
        Assert.SkipUnless(File.Exists(path), $"{name} is not here");
        return path!;
    }

    /// <summary>Every tensor of a file as stored bytes.</summary>
    public static Dictionary<string, (TensorInfo Info, byte[] Bytes)> ReadAll(string path)
    {
        using TensorFile file = TensorFiles.Open(path);
        return file.Tensors.ToDictionary(tensor => tensor.Name, tensor =>
        {
            byte[] bytes = new byte[tensor.Bytes];
            file.ReadBytes(tensor, 0, bytes);
            return (tensor, bytes);
        });
    }

    /// <summary>Name, shape and bytes of every tensor are the same.</summary>
    public static bool SameTensors(string a, string b)
    {
        Dictionary<string, (TensorInfo Info, byte[] Bytes)> left = ReadAll(a), right = ReadAll(b);
        return left.Keys.ToHashSet().SetEquals(right.Keys)
            && left.All(entry => right[entry.Key].Info.Type == entry.Value.Info.Type
                && right[entry.Key].Info.Shape.SequenceEqual(entry.Value.Info.Shape)
                && right[entry.Key].Bytes.SequenceEqual(entry.Value.Bytes));
    }
}
