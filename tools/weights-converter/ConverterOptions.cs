using L2c.Weights;
using L2c.Weights.Layouts;

namespace WeightsConverter;

/// <summary>What one call of the program shall do.</summary>
internal sealed record ConverterOptions
{
    /// <summary>File to read.</summary>
    public required string Input { get; init; }

    /// <summary>File to write or, with <see cref="VerifyOnly"/>, to compare; null with <see cref="List"/>.</summary>
    public string? Output { get; init; }

    /// <summary>Type of the tensors written, router logits excepted.</summary>
    public TensorType Type { get; init; } = TensorType.F32;

    /// <summary>What the file leaves open.</summary>
    public LayoutHints Hints { get; init; } = LayoutHints.None;

    /// <summary>Only print the input's tensors.</summary>
    public bool List { get; init; }

    /// <summary>Re-read both files after writing and compare them.</summary>
    public bool Verify { get; init; }

    /// <summary>Write nothing; compare an output that exists.</summary>
    public bool VerifyOnly { get; init; }

    /// <summary>Overwrite an existing output.</summary>
    public bool Force { get; init; }

    /// <summary>One JSON object on standard output instead of text.</summary>
    public bool Json { get; init; }

    /// <summary>No progress on the terminal.</summary>
    public bool Quiet { get; init; }
}
