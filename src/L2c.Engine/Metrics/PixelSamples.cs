using System.Globalization;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Samples that distances are measured of: pixels, of all classes alike.</summary>
internal static class PixelSamples
{
    /// <summary>The request with classes and a number of images.</summary>
    /// <exception cref="RequestException">The model makes latents.</exception>
    public static SampleRequest RequestOf(SampleRequest request, TransformerArchitecture architecture)
    {
        if (!architecture.PixelSpace)
        {
            throw new RequestException(
                $"{architecture.Name} makes latents, and distances are between pixels; decode its samples and give them as a file or a folder");
        }

        if (request.Count > FrechetMeter.MaxImages)
        {
            throw new RequestException($"--count {request.Count} is more than the {FrechetMeter.MaxImages} images that can be compared");
        }

        string? uniform = architecture.NumClasses == 0
            ? null
            : string.Join(',', Enumerable.Range(0, architecture.NumClasses).Select(label => label.ToString(CultureInfo.InvariantCulture)));
        return request with { Classes = request.Classes ?? uniform, Count = request.Count ?? EvaluateRequest.DefaultCount };
    }

    /// <summary>Fails unless data are as large as the samples.</summary>
    /// <exception cref="RequestException">They are not.</exception>
    public static void RequireSizeOf(IImageSet data, TransformerArchitecture architecture)
    {
        (int channels, int size) = (architecture.InChannels, architecture.InputSize);
        if ((data.Channels, data.Height, data.Width) != (channels, size, size))
        {
            throw new RequestException(
                $"{architecture.Name} makes {channels} x {size} x {size}, "
                + $"but {data.Name} has images of {data.Channels} x {data.Height} x {data.Width}; compare with data of that size");
        }
    }
}
