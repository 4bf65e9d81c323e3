using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>patches[b, i W/P + j, (c,p,q)] = image[b mod N, c, i P + p, j P + q], and
/// image[b, c, i P + p, j P + q] = tokens[b, i W/P + j, (p,q,c)], and the latter's gradient, which is its inverse.</summary>
/// <remarks>
/// Shapes   image: [N,C,H,W] fp32, contiguous. patches and tokens: [B,T,C P P] in the storage type, contiguous. Fewer than 2^31 elements each.
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
    public static void Gather<TElement>(ulong image, int images, ulong patches, int count, int channels, int height, int width, int patch)
        where TElement : unmanaged, IElement
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        if (element < count)
        {
            // q, p, c from the innermost index outwards.
            int token = element / (channels * patch * patch), within = element - (token * channels * patch * patch);
            int c = within / (patch * patch), p = within / patch % patch, q = within % patch;
            int columns = width / patch, tokens = height / patch * columns;
            int b = token / tokens, i = token % tokens / columns, j = token % columns;
            long pixel = ((((long)(b % images) * channels) + c) * height + (i * patch) + p) * width + (j * patch) + q;
            default(TElement).Store(patches, element, ((float*)image)[pixel]);
        }
    }

    /// <summary>Thread t reads element t of the tokens.</summary>
    public static void Scatter<TElement>(ulong tokens, ulong image, int count, int channels, int height, int width, int patch)
        where TElement : unmanaged, IElement
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        if (element < count)
        {
            ((float*)image)[Pixel(element, channels, height, width, patch)] = default(TElement).Load(tokens, element);
        }
    }

    /// <summary>Thread t writes element t of the tokens.</summary>
    public static void GatherTokens<TElement>(ulong image, ulong tokens, int count, int channels, int height, int width, int patch)
        where TElement : unmanaged, IElement
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        if (element < count)
        {
            default(TElement).Store(tokens, element, ((float*)image)[Pixel(element, channels, height, width, patch)]);
        }
    }

    // Where an element of the tokens lies in the image: c, q, p from the innermost index outwards.
    private static long Pixel(int element, int channels, int height, int width, int patch)
    {
        int token = element / (channels * patch * patch), within = element - (token * channels * patch * patch);
        int c = within % channels, q = within / channels % patch, p = within / (channels * patch);
        int columns = width / patch, perImage = height / patch * columns;
        int b = token / perImage, i = token % perImage / columns, j = token % columns;
        return ((((long)b * channels) + c) * height + (i * patch) + p) * width + (j * patch) + q;
    }
}
