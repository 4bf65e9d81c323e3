namespace L2c.Weights.Layouts;

/// <summary>What a step of the FID Inception network computes.</summary>
public enum InceptionOp
{
    /// <summary>A convolution without bias, batch norm with the stored statistics, ReLU.</summary>
    Convolution,
    /// <summary>The largest of the window; padding never wins.</summary>
    MaxPool,
    /// <summary>The mean of the window's positions inside the image.</summary>
    AveragePool,
}

/// <summary>One step of the FID Inception network, which writes some channels of an image.</summary>
/// <param name="Name">Of a convolution as published: <c>Mixed_5b.branch5x5_1</c>.</param>
/// <param name="Op">What it computes.</param>
/// <param name="Input">The image that it reads: <see cref="InceptionStructure.Image"/>, or a name that earlier steps write.</param>
/// <param name="Output">The image of which it writes channels: its own name, or that of its block, whose branches lie side by side.</param>
/// <param name="FirstChannel">The first of them.</param>
/// <param name="Inputs">Channels that it reads: all of the input.</param>
/// <param name="Outputs">Channels that it writes.</param>
/// <param name="Height">Rows of the window.</param>
/// <param name="Width">Columns of the window.</param>
/// <param name="Stride">Pixels from one window to the next, in both directions.</param>
/// <param name="Padded">Whether half a window is padded on each side, so that a stride of 1 keeps the size.</param>
public sealed record InceptionStep(
    string Name,
    InceptionOp Op,
    string Input,
    string Output,
    int FirstChannel,
    int Inputs,
    int Outputs,
    int Height,
    int Width,
    int Stride,
    bool Padded);
