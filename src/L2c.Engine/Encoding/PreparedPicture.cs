namespace L2c;

/// <summary>A picture of a listing, cropped; or why it is not.</summary>
/// <param name="Position">Its number in the listing.</param>
/// <param name="Pixels">[size, size], four bytes a pixel, of an array that may be longer; null where the picture cannot be read.</param>
/// <param name="Problem">What is wrong with it, one line that names its file; null where nothing is.</param>
internal readonly record struct PreparedPicture(int Position, uint[]? Pixels, string? Problem);
