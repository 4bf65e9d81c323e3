using L2c.Weights;

namespace L2c.Model.Training;

/// <summary>What a run trains: its figures, and a state that can be put into a file and back, bit for bit.</summary>
public interface ITrained
{
    /// <summary>Optimisation steps done.</summary>
    int StepsDone { get; }

    /// <summary>Means of the figures since they were last taken: what logs show.</summary>
    FigureMeans Means { get; }

    /// <summary>The figures of the last step, as <see cref="FigureMeans.Names"/> has them.</summary>
    ReadOnlySpan<double> Metrics { get; }

    /// <summary>Writes the state.</summary>
    /// <param name="path">Where the file shall appear, complete.</param>
    /// <exception cref="DivergedException">A value is not finite; the file is left as it was.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    void Save(string path);

    /// <summary>Continues from a state. Only before the first step.</summary>
    /// <param name="file">What <see cref="Save"/> wrote.</param>
    /// <exception cref="MalformedFileException">No state of this trainer, or a damaged one.</exception>
    /// <exception cref="ArgumentException">It was made with another setting; the message names it.</exception>
    void Restore(TensorFile file);
}
