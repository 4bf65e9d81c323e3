namespace L2c.Cli.Tests.Storage;

/// <summary>Standard error that does something, once, when a text was written to it: between two steps of the program.</summary>
internal sealed class ActAfter(string text, Action act) : StringWriter
{
    private bool _acted;

    public override void Write(string? value)
    {
        base.Write(value);
        Look(value);
    }

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        Look(value);
    }

    private void Look(string? value)
    {
        if (!_acted && value?.Contains(text, StringComparison.Ordinal) == true)
        {
            _acted = true;
            act();
        }
    }
}
