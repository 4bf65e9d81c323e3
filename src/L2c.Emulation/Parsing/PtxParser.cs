namespace L2c.Emulation.Parsing;

/// <summary>Tokens to a tree: the level of the module. Statements inside functions: <see cref="PtxBodyParser"/>.</summary>
internal sealed class PtxParser(string text)
{
    private readonly PtxCursor _cursor = new(PtxLexer.Split(text));

    public PtxTree Parse()
    {
        string? target = null;
        List<VariableStatement> variables = [];
        List<PtxFunction> functions = [];
        while (_cursor.Current.Kind != PtxTokenKind.End)
        {
            PtxToken token = _cursor.Current;
            switch (token.Text)
            {
                case ".version":
                    _cursor.Skip(2);
                    break;
                case ".address_size":
                    _cursor.Skip(1);
                    if (_cursor.Take().Text != "64")
                    {
                        throw new PtxSyntaxException(token.Line, "addresses must have 64 bits");
                    }

                    break;
                case ".target":
                    _cursor.Skip(1);
                    target = _cursor.Word("a target");
                    break;
                case ".visible" or ".extern" or ".weak":
                    _cursor.Skip(1);
                    break;
                case ".file":
                    _cursor.SkipLine();
                    break;
                case ".entry" or ".func":
                    functions.Add(Function());
                    break;
                case ".shared":
                    variables.Add(PtxBodyParser.Variable(_cursor));
                    _cursor.Expect(";");
                    break;
                default:
                    throw new PtxSyntaxException(token.Line, $"unknown directive {token.Text}");
            }
        }

        return new PtxTree(target ?? throw new PtxSyntaxException(1, "no .target"), variables, functions);
    }

    private PtxFunction Function()
    {
        PtxToken start = _cursor.Take();
        List<VariableStatement> returns = _cursor.Current.Is("(") ? Parameters() : [];
        string name = _cursor.Word("a name");
        List<VariableStatement> parameters = _cursor.Current.Is("(") ? Parameters() : [];
        (int X, int Y, int Z)? maxThreads = null;
        while (!_cursor.Current.Is("{") && !_cursor.Current.Is(";"))
        {
            PtxToken directive = _cursor.Take();
            switch (directive.Text)
            {
                case ".maxntid" or ".reqntid":
                    int x = _cursor.Integer();
                    int y = _cursor.TryTake(",") ? _cursor.Integer() : 1;
                    maxThreads = (x, y, _cursor.TryTake(",") ? _cursor.Integer() : 1);
                    break;
                case ".minnctapersm" or ".maxnreg":
                    _cursor.Integer();
                    break;
                case ".noreturn":
                    break;
                default:
                    throw new PtxSyntaxException(directive.Line, $"unknown directive {directive.Text} of {name}");
            }
        }

        BlockStatement? body = _cursor.TryTake(";") ? null : new PtxBodyParser(_cursor).Block();
        return new PtxFunction(start.Line, name, start.Text == ".entry", returns, parameters, body, maxThreads);
    }

    private List<VariableStatement> Parameters()
    {
        List<VariableStatement> parameters = [];
        _cursor.Expect("(");
        while (!_cursor.TryTake(")"))
        {
            parameters.Add(PtxBodyParser.Variable(_cursor));
            if (!_cursor.Current.Is(")"))
            {
                _cursor.Expect(",");
            }
        }

        return parameters;
    }
}
