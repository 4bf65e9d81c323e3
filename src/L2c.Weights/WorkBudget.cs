namespace L2c.Weights;

/// <summary>The work that a file may ask of its reader, counted and not timed: a file is refused alike on every machine.</summary>
/// <remarks>
/// The unit is a step: what one opcode of a pickle costs, some tens of nanoseconds and less than a hundred bytes of memory. A small file may not
/// ask for as much as a large one, so one that refers to the same value again and again is refused early.
/// </remarks>
internal sealed class WorkBudget
{
    /// <summary>Steps that no file may exceed.</summary>
    /// <remarks>
    /// A tensor of a state dict takes about 50 steps: 40 opcodes, the rest for its size, texts and dotted name. DiT-XL/2 in training (292
    /// parameters: weights, moving average, two moments and a step count each) takes 70,000, Stable Diffusion XL with text encoders and decoder
    /// (2,642 parameters), the largest checkpoint to expect, 650,000. The limit leaves room for three times as many, or for a history of 600,000
    /// numbers; it takes a fraction of a second and, at less than a hundred bytes a step, less than 256 MiB.
    /// </remarks>
    public const long MaxSteps = 2_000_000;

    /// <summary>Steps that any file may take, however small: one that shares a few values needs no more.</summary>
    private const long FreeSteps = 1 << 16;

    /// <summary>
    /// A value takes at least one byte, one step to build and <see cref="StepsPerName"/> and its text to name. So only a file whose values are
    /// named several times, or whose values of a byte have names longer than 80 characters, comes near.
    /// </summary>
    private const long StepsPerByte = 8;

    /// <summary>Naming a value, without the text of the name.</summary>
    private const long StepsPerName = 2;

    /// <summary>Copying or hashing so many characters is a step.</summary>
    private const int CharactersPerStep = 16;

    private readonly string _path, _what, _remedy;
    private readonly long _bytes;

    /// <summary>A budget for reading a whole or a part of a file.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="what">What takes the steps, for messages: "the pickle".</param>
    /// <param name="bytes">Length of that in bytes, or of the file where it is not known.</param>
    /// <param name="remedy">What the user can do, for messages.</param>
    public WorkBudget(string path, string what, long bytes, string remedy)
    {
        (_path, _what, _bytes, _remedy) = (path, what, bytes, remedy);
        Limit = bytes < (MaxSteps - FreeSteps) / StepsPerByte ? FreeSteps + (StepsPerByte * bytes) : MaxSteps;
    }

    /// <summary>Steps that this file may take: in proportion to its bytes, at most <see cref="MaxSteps"/>.</summary>
    public long Limit { get; }

    /// <summary>Steps taken so far.</summary>
    public long Spent { get; private set; }

    /// <summary>Takes steps; called before the work is done.</summary>
    /// <exception cref="MalformedFileException">They are more than are left.</exception>
    public void Spend(long steps)
    {
        Spent += steps;
        if (Spent > Limit)
        {
            throw new MalformedFileException(_path, $"{_what} takes more than {Limit} steps to read, too many for {_bytes} bytes; {_remedy}");
        }
    }

    /// <summary>Takes the steps of copying or hashing a text.</summary>
    /// <param name="length">Characters or bytes.</param>
    /// <exception cref="MalformedFileException">They are more than are left.</exception>
    public void SpendOnText(long length) => Spend(length / CharactersPerStep);

    /// <summary>Takes the steps of a named value: of making, hashing and keeping its name.</summary>
    /// <param name="length">Characters of the name.</param>
    /// <exception cref="MalformedFileException">They are more than are left.</exception>
    public void SpendOnName(long length) => Spend(StepsPerName + (length / CharactersPerStep));
}
