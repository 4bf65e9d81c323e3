using L2c.Kernels;
using L2c.Model.Randomness;
using L2c.Weights.Layouts;

namespace L2c.Model.Runs;

/// <summary>The inputs of a run, checked and uploaded: labels, guidance scale, noise. Allocates nothing after its creation.</summary>
internal sealed class RunInputs(RunPlan plan, RunBuffers buffers)
{
    private readonly int[] _labels = new int[buffers.Network.Labels.Columns];
    private readonly float[] _staging = new float[buffers.X.Shape.Count];

    /// <summary>Labels, the null label with guidance, and the scale.</summary>
    /// <param name="labels">N class labels; a network without classes reads none of them.</param>
    /// <param name="guidanceScale">Ignored without guidance.</param>
    /// <exception cref="ArgumentException">Not N labels, or one outside the table.</exception>
    public void SetCondition(ReadOnlySpan<int> labels, float guidanceScale)
    {
        TransformerArchitecture architecture = plan.Model.Architecture;
        if (labels.Length != plan.Images)
        {
            throw new ArgumentException($"{labels.Length} labels for {plan.Images} images");
        }

        foreach (int label in labels)
        {
            if (architecture.LabelRows > 0 && (uint)label >= (uint)architecture.LabelRows)
            {
                throw new ArgumentException($"label {label} is outside 0..{architecture.LabelRows - 1} of {architecture.Name}");
            }
        }

        Device device = plan.Model.Device;
        labels.CopyTo(_labels);
        if (plan.Options.Guidance != Guidance.None)
        {
            _labels[plan.Images] = architecture.NullLabel;
            device.Upload(buffers.GuidanceScale, [guidanceScale]);
        }

        device.Upload(buffers.Network.Labels, _labels);
    }

    /// <summary>Draws x_T.</summary>
    public void DrawStart(INoiseSource noise) => Draw(noise, 0, buffers.X);

    /// <summary>Draws what an evaluation adds, if it adds any.</summary>
    public void DrawFor(int evaluation, INoiseSource noise)
    {
        if (!buffers.Noise[evaluation].IsNone)
        {
            Draw(noise, evaluation + 1, buffers.Noise[evaluation]);
        }
    }

    private void Draw(INoiseSource noise, int draw, Tensor destination)
    {
        noise.Fill(draw, plan.Images, _staging.Length / plan.Images, _staging);
        plan.Model.Device.Upload(destination, _staging);
    }
}
