namespace L2c.Model.Training;

/// <summary>
/// An endless stream of labelled images or latents. Item i is a function of the source and i alone, so a position in the data is one number.
/// </summary>
public interface ITrainingData
{
    /// <summary>What it is, for logs and states, as <c>shapes, seed 0</c>: without folders, and of files another for other ones.</summary>
    string Name { get; }

    /// <summary>C of an item.</summary>
    int Channels { get; }

    /// <summary>H and W of an item.</summary>
    int Size { get; }

    /// <summary>Labels are 0 .. Classes - 1.</summary>
    int Classes { get; }

    /// <summary>Names of the classes in the order of their labels; empty where nobody knows them.</summary>
    IReadOnlyList<string> ClassNames => [];

    /// <summary>Reads item <paramref name="index"/>. May be called from several threads at a time.</summary>
    /// <param name="index">0 or more; sources with fewer items begin again in another order.</param>
    /// <param name="image">Receives C H W values, row-major: images in [-1, 1], latents as the network reads them.</param>
    /// <returns>The item's label.</returns>
    int Read(long index, Span<float> image);
}
