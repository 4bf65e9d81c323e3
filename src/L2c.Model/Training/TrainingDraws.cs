using L2c.Model.Randomness;

namespace L2c.Model.Training;

/// <summary>Everything that is random in training, as a function of (seed, optimisation step, draw, image): the generator has no state but the
/// step.</summary>
/// <remarks>
/// Philox4x32-10 with key = seed and counters (element block, draw · batch + image, step, purpose). Integers come from one word w as ⌊w n / 2^32⌋,
/// whose probabilities differ by less than n / 2^32; events of probability p happen where w &lt; p 2^32; normals are those of
/// <see cref="CounterNoise"/>, whose purpose is 0. Which thread, device or process asks changes nothing.
/// </remarks>
/// <param name="seed">The seed of the run.</param>
/// <param name="draws">Independent timesteps per optimisation step, at least 1.</param>
/// <param name="batch">Images per draw.</param>
public sealed class TrainingDraws(ulong seed, int draws, int batch)
{
    /// <summary>Probability that an image's label becomes the null label (Ho and Salimans 2022, section 4.2; DiT's class_dropout_prob).</summary>
    public const double LabelDropProbability = 0.1;

    private const double WordRange = 4294967296.0;

    private enum Purpose : uint
    {
        Sampling, Timestep, LabelDrop, Noise, Label, StartNoise, Logits, Weights,
    }

    /// <summary>The generator and its counters, for state files: other draws under the same name would continue another run.</summary>
    public static string Generator => "philox4x32-10 element,draw*batch+image,step,purpose";

    /// <summary>Position in the data of the first image of a draw; its others follow.</summary>
    /// <param name="step">Optimisation step, from 0.</param>
    /// <param name="draw">0 .. draws - 1.</param>
    public long Position(int step, int draw) => (((long)step * draws) + draw) * batch;

    /// <summary>One integer for all images of a draw, uniform on [0, count).</summary>
    public int Timestep(int step, int draw, int count) => Integer(step, draw * batch, Purpose.Timestep, count);

    /// <summary>One integer per image of a draw, uniform on [0, count).</summary>
    public void Timesteps(int step, int draw, int count, Span<int> destination) => Integers(step, draw, Purpose.Timestep, count, destination);

    /// <summary>A class per image for training without data, uniform on [0, classes).</summary>
    public void Labels(int step, int draw, int classes, Span<int> destination) => Integers(step, draw, Purpose.Label, classes, destination);

    /// <summary>Replaces labels by <paramref name="nullLabel"/>, each with <see cref="LabelDropProbability"/>.</summary>
    public void DropLabels(int step, int draw, int nullLabel, Span<int> labels)
    {
        for (int image = 0; image < labels.Length; image++)
        {
            if (Word(step, Row(draw, image), Purpose.LabelDrop) < LabelDropProbability * WordRange)
            {
                labels[image] = nullLabel;
            }
        }
    }

    /// <summary>The noise that is added to an image, standard normal.</summary>
    /// <param name="step">Optimisation step, from 0.</param>
    /// <param name="draw">0 .. draws - 1.</param>
    /// <param name="image">0 .. batch - 1.</param>
    /// <param name="destination">[C, H, W], row-major.</param>
    public void Noise(int step, int draw, int image, Span<float> destination) =>
        CounterNoise.Fill(seed, (uint)Row(draw, image), (uint)step, (uint)Purpose.Noise, destination);

    /// <summary>x_T of an image that the teacher denoises in training without data, standard normal.</summary>
    /// <inheritdoc cref="Noise"/>
    public void StartNoise(int step, int draw, int image, Span<float> destination) =>
        CounterNoise.Fill(seed, (uint)Row(draw, image), (uint)step, (uint)Purpose.StartNoise, destination);

    /// <summary>Router logits before training, standard normal.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="logits">[routers, branches], row-major.</param>
    public static void Logits(ulong seed, Span<float> logits) => CounterNoise.Fill(seed, 0, 0, (uint)Purpose.Logits, logits);

    /// <summary>Weights of one tensor before training, standard normal.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="tensor">Its number in canonical order.</param>
    /// <param name="weights">Its values.</param>
    public static void Normals(ulong seed, int tensor, Span<float> weights) =>
        CounterNoise.Fill(seed, (uint)tensor, 0, (uint)Purpose.Weights, weights);

    /// <summary>Weights of one tensor before training, uniform on [-1, 1) in multiples of 2^-23.</summary>
    /// <inheritdoc cref="Normals(ulong, int, Span{float})"/>
    public static void Uniforms(ulong seed, int tensor, Span<float> weights)
    {
        Span<uint> words = stackalloc uint[4];
        for (int i = 0; i < weights.Length; i++)
        {
            if (i % words.Length == 0)
            {
                Philox4x32.Block(seed, (uint)(i / words.Length), (uint)tensor, 0, (uint)Purpose.Weights, words);
            }

            weights[i] = ((int)(words[i % words.Length] >> 8) * (1f / (1 << 23))) - 1;
        }
    }

    private int Row(int draw, int image) => checked((draw * batch) + image);

    private void Integers(int step, int draw, Purpose purpose, int count, Span<int> destination)
    {
        for (int image = 0; image < destination.Length; image++)
        {
            destination[image] = Integer(step, Row(draw, image), purpose, count);
        }
    }

    private int Integer(int step, int row, Purpose purpose, int count) => (int)(((ulong)Word(step, row, purpose) * (uint)count) >> 32);

    private uint Word(int step, int row, Purpose purpose)
    {
        Span<uint> words = stackalloc uint[4];
        Philox4x32.Block(seed, 0, (uint)row, (uint)step, (uint)purpose, words);
        return words[0];
    }
}
