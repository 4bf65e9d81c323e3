namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>Everything between two evaluations of a sampler in one pass, in fp32:
    /// <code>
    /// eps     = guided channel: u + s (e - u); other channels: e           e: row n of output, u: row N + n
    /// x0      = a input - b eps                                             clamped if asked, then eps = (a input - x0) / b
    /// noise   = learned: std noise, std = exp(0.5 (f max + (1 - f) min)), f = (v + 1) / 2      v: the variance channel of row n
    /// target  = w_x0 x0 + w_eps eps + w_x x + w_u u + w_h1 h1 + w_h2 h2 + w_h3 h3 + w_noise noise      per update
    /// </code>
    /// Every update reads the states as they were before; a sum is rounded product by product in this order.</summary>
    /// <param name="output">[B,OC,H,W], the network's output: B = N without guidance, 2N with (conditional rows first). OC = C, or 2C with variance channels last.</param>
    /// <param name="guidanceScale">[1], s, read at replay time; none without guidance.</param>
    /// <param name="guidedChannels">How many leading channels are guided: 3 as published (a quirk of DiT), C for all.</param>
    /// <param name="prediction">a, b, the clamp and the learned variance.</param>
    /// <param name="states">[N,C,H,W] each, one row per image: those that the network or an update reads, and those that an update sets.</param>
    /// <param name="noise">[N,C,H,W]; none if no update uses it.</param>
    /// <param name="updates">Up to <see cref="LinearUpdate.MaxCount"/>, of different states; none where only <paramref name="guided"/> is wanted.</param>
    /// <param name="guided">[B,OC,H,W], receives the output after guidance as published (guided channels equal in both halves); none if not wanted.</param>
    /// <remarks>
    /// Traffic  output, noise and every state that is read or set once each.
    /// Source   Ho and Salimans 2022, equation 6; Song et al. 2021, equation 12; Nichol and Dhariwal 2021, equation 15; for the linear form Lu et al. 2022,
    ///          whose DPM-Solvers differ from these in weights alone.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree, a state is missing, or updates set a state twice.</exception>
    public void SamplerUpdate(
        Tensor output,
        Tensor guidanceScale,
        int guidedChannels,
        in SamplerPrediction prediction,
        in SamplerTensors states,
        Tensor noise,
        ReadOnlySpan<LinearUpdate> updates,
        Tensor guided = default)
    {
        const string Op = nameof(SamplerUpdate);
        Require(prediction.Input is SamplerState.X or SamplerState.U, Op, $"a network reads X or U, not {prediction.Input}");
        Tensor input = states[prediction.Input];
        Require(input.Shape.Rank == 4 && output.Shape.Rank == 4, Op, $"{prediction.Input} {input.Shape} and output {output.Shape} must be [N,C,H,W] and [B,OC,H,W]");
        Require(
            output.IsContiguous && input.IsContiguous && (guided.IsNone || guided.IsContiguous),
            Op,
            $"{prediction.Input} {input.Shape}, output {output.Shape} and guided must be contiguous");
        Require(guidanceScale.IsNone || guidanceScale.Shape.Count == 1, Op, $"guidance scale {guidanceScale.Shape} must be [1]");
        int images = input.Shape[0], channels = input.Shape[1];
        string pair = $"output {output.Shape} does not match {prediction.Input} {input.Shape}";
        Require(output.Shape[2] == input.Shape[2] && output.Shape[3] == input.Shape[3], Op, $"{pair} (H and W must agree)");
        Require(output.Shape[0] == (guidanceScale.IsNone ? images : 2 * images), Op, $"{pair} (B is N, or 2N with guidance)");
        Require(output.Shape[1] == channels || output.Shape[1] == 2 * channels, Op, $"{pair} (OC is C or 2C)");
        Require(!prediction.LearnedVariance || output.Shape[1] == 2 * channels, Op, $"output {output.Shape} has no variance channels");
        Require(guidedChannels >= 0 && guidedChannels <= channels, Op, $"{guidedChannels} guided channels of {channels}");
        Require(guided.IsNone || guided.Shape == output.Shape, Op, $"guided {guided.Shape} does not match output {output.Shape}");
        RequireUpdates(states, noise, updates, input.Shape);
        SamplerUpdateCore(output, guidanceScale, guidedChannels, prediction, states, noise, updates, guided);
    }

    /// <summary>The device's form of <see cref="SamplerUpdate"/>; shapes have been checked.</summary>
    protected abstract void SamplerUpdateCore(
        Tensor output,
        Tensor guidanceScale,
        int guidedChannels,
        in SamplerPrediction prediction,
        in SamplerTensors states,
        Tensor noise,
        ReadOnlySpan<LinearUpdate> updates,
        Tensor guided);

    /// <summary>Bytes that the op moves.</summary>
    private protected static long SamplerUpdateBytes(
        Tensor output, in SamplerTensors read, ReadOnlySpan<LinearUpdate> updates, Tensor guided, long stateCount)
    {
        int passes = updates.Length + (UsesNoise(updates) ? 1 : 0);
        foreach (SamplerState state in SamplerTensors.Readable)
        {
            passes += read[state].IsNone ? 0 : 1;
        }

        return sizeof(float) * ((passes * stateCount) + ((guided.IsNone ? 1 : 2) * output.Shape.Count));
    }

    /// <summary>Whether an update reads the noise.</summary>
    private protected static bool UsesNoise(ReadOnlySpan<LinearUpdate> updates)
    {
        bool uses = false;
        foreach (LinearUpdate update in updates)
        {
            uses |= update.Noise != 0;
        }

        return uses;
    }

    private static void RequireUpdates(in SamplerTensors states, Tensor noise, ReadOnlySpan<LinearUpdate> updates, Shape shape)
    {
        const string Op = nameof(SamplerUpdate);
        Require(updates.Length <= LinearUpdate.MaxCount, Op, $"{updates.Length} updates; one evaluation has at most {LinearUpdate.MaxCount}");
        for (int i = 0; i < updates.Length; i++)
        {
            LinearUpdate update = updates[i];
            RequireState(states, update.Target, shape, "set");
            foreach (LinearUpdate other in updates[..i])
            {
                Require(other.Target != update.Target, Op, $"{update.Target} is set twice");
            }

            foreach (SamplerState state in SamplerTensors.Readable)
            {
                if (update.WeightOf(state) != 0)
                {
                    RequireState(states, state, shape, "read");
                }
            }

            bool hasNoise = update.Noise == 0 || (noise.Shape == shape && noise.IsContiguous);
            Require(hasNoise, Op, $"noise {noise.Shape} does not match {update.Target} {shape}, contiguous");
        }
    }

    private static void RequireState(in SamplerTensors states, SamplerState state, Shape shape, string use)
    {
        Tensor tensor = states[state];
        Require(tensor.Shape == shape && tensor.IsContiguous, nameof(SamplerUpdate), $"{state} {tensor.Shape} is {use}, but is not {shape}, contiguous");
    }
}
