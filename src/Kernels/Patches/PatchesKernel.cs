using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>patches[b, L + i W/P + j, (c,p,q)] = image[b mod N, c, i P + p, j P + q], and
/// image[b, c, i P + p, j P + q] = tokens[b, L + i W/P + j, (p,q,c)], and the latter's gradient, which is its inverse.</summary>
/// <remarks>
/// Shapes   image: [N,C,H,W] fp32, contiguous. patches and tokens: [B,L+T,C P P] in the storage type, contiguous. Fewer than 2^31 elements each.
///          The first L rows of an image become zeros, or are not read.
/// Numbers  a copy; rounded to the storage type on the way in, exact on the way out.
/// Traffic  one read and one write per element: megabytes at most, so there is only the plain level.
/// Launch   256 threads per block, one element each, in the order of the patches.
/// Source   DiT models.py, PatchEmbed and unpatchify.
/// </remarks>
internal static unsafe class PatchesKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>Image to patches.</summary>
    public static readonly KernelTemplate ToPatches = new(typeof(PatchesKernel), nameof(Gather), Threads);

    /// <summary>Tokens to image.</summary>
    public static readonly KernelTemplate ToImage = new(typeof(PatchesKernel), nameof(Scatter), Threads);

    /// <summary>Image to tokens.</summary>
    public static readonly KernelTemplate ToTokens = new(typeof(PatchesKernel), nameof(GatherTokens), Threads);

    /// <summary>Thread t writes element t of the patches.</summary>
    public static void Gather<TElement>(
        ulong image, int images, ulong patches, int count, int channels, int height, int width, int patch, int leading)
        where TElement : unmanaged, IElement
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        if (element < count)
        {
            // q, p, c from the innermost index outwards.
            int token = element / (channels * patch * patch), within = element - (token * channels * patch * patch);
            int c = within / (patch * patch), p = within / patch % patch, q = within % patch;
            int columns = width / patch, tokens = leading + (height / patch * columns);
            int b = token / tokens, at = token - (b * tokens) - leading, i = at / columns, j = at - (i * columns);
            float value = 0;
            if (at >= 0)
            {
                long pixel = ((((long)(b % images) * channels) + c) * height + (i * patch) + p) * width + (j * patch) + q;
                value = ((float*)image)[pixel];
            }

            default(TElement).Store(patches, element, value);
        }
    }

    /// <summary>Thread t reads element t of the tokens.</summary>
    public static void Scatter<TElement>(ulong tokens, ulong image, int count, int channels, int height, int width, int patch, int leading)
        where TElement : unmanaged, IElement
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        long pixel = Pixel(element, channels, height, width, patch, leading);
        if (element < count && pixel >= 0)
        {
            ((float*)image)[pixel] = default(TElement).Load(tokens, element);
        }
    }

    /// <summary>Thread t writes element t of the tokens.</summary>
    public static void GatherTokens<TElement>(ulong image, ulong tokens, int count, int channels, int height, int width, int patch, int leading)
        where TElement : unmanaged, IElement
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        if (element < count)
        {
            long pixel = Pixel(element, channels, height, width, patch, leading);
            float value = 0;
            if (pixel >= 0)
            {
                value = ((float*)image)[pixel];
            }

            default(TElement).Store(tokens, element, value);
        }
    }

    // Where an element of the tokens lies in the image: c, q, p from the innermost index outwards. Below 0 for rows before the patches.
    private static long Pixel(int element, int channels, int height, int width, int patch, int leading)
    {
        int token = element / (channels * patch * patch), within = element - (token * channels * patch * patch);
        int c = within % channels, q = within / channels % patch, p = within / (channels * patch);
        int columns = width / patch, perImage = leading + (height / patch * columns);
        int b = token / perImage, at = token - (b * perImage) - leading, i = at / columns, j = at - (i * columns);
        return at < 0 ? -1 : ((((long)b * channels) + c) * height + (i * patch) + p) * width + (j * patch) + q;
    }
}
