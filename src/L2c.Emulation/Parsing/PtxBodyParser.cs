namespace L2c.Emulation.Parsing;

/// <summary>The statements of a function.</summary>
internal sealed class PtxBodyParser(PtxCursor cursor)
{
    public BlockStatement Block()
    {
        int line = cursor.Current.Line;
        List<PtxStatement> body = [];
        cursor.Expect("{");
        while (!cursor.TryTake("}"))
        {
            if (cursor.Current.Is(".reg"))
            {
                body.AddRange(Registers());
            }
            else if (Statement() is PtxStatement statement)
            {
                body.Add(statement);
            }
        }

        return new BlockStatement(line, body);
    }

    /// <summary><c>.local .align 4 .b8 name[16]</c>, without a semicolon.</summary>
    public static VariableStatement Variable(PtxCursor cursor)
    {
        int line = cursor.Current.Line;
        string space = cursor.Word("a state space");
        int? alignment = null;
        if (cursor.TryTake(".align"))
        {
            alignment = cursor.Integer();
        }

        string type = cursor.Word("a type");
        int size = PtxType.Bytes(type, line);
        string name = cursor.Word("a name");
        int? bytes = size;
        if (cursor.TryTake("["))
        {
            bytes = cursor.Current.Is("]") ? null : checked(size * cursor.Integer());
            cursor.Expect("]");
        }

        return new VariableStatement(line, space, name, alignment ?? size, bytes);
    }

    private PtxStatement? Statement()
    {
        PtxToken token = cursor.Current;
        if (token.Is("{"))
        {
            return Block();
        }

        if (cursor.TryTake(";"))
        {
            return null;
        }

        switch (token.Text)
        {
            case ".local" or ".shared" or ".param":
                VariableStatement variable = Variable(cursor);
                cursor.Expect(";");
                return variable;
            case ".loc":
                cursor.SkipLine();
                return null;
            case ".pragma":
                cursor.Skip(2);
                cursor.Expect(";");
                return null;
        }

        if (token.Kind == PtxTokenKind.Word && cursor.Next.Is(":"))
        {
            cursor.Skip(2);
            return cursor.TryTake(".branchtargets") ? Targets(token) : new LabelStatement(token.Line, token.Text);
        }

        return Instruction();
    }

    private List<RegisterStatement> Registers()
    {
        int line = cursor.Take().Line;
        string type = cursor.Word("a type");
        List<RegisterStatement> registers = [];
        do
        {
            string name = cursor.Word("a register");
            int? count = null;
            if (cursor.TryTake("<"))
            {
                count = cursor.Integer();
                cursor.Expect(">");
            }

            registers.Add(new RegisterStatement(line, type, name, count));
        }
        while (cursor.TryTake(","));
        cursor.Expect(";");
        return registers;
    }

    private TargetsStatement Targets(PtxToken label)
    {
        List<string> labels = [];
        do
        {
            labels.Add(cursor.Word("a label"));
        }
        while (cursor.TryTake(","));
        cursor.Expect(";");
        return new TargetsStatement(label.Line, label.Text, labels);
    }

    private InstructionStatement Instruction()
    {
        int line = cursor.Current.Line;
        string? guard = null;
        bool negated = false;
        if (cursor.TryTake("@"))
        {
            negated = cursor.TryTake("!");
            guard = cursor.Word("a predicate");
        }

        string opcode = cursor.Word("an instruction");
        List<PtxOperand> operands = [];
        if (!cursor.TryTake(";"))
        {
            operands.Add(Operand());
            while (cursor.TryTake(","))
            {
                operands.Add(Operand());
            }

            cursor.Expect(";");
        }

        return new InstructionStatement(line, guard, negated, opcode, operands);
    }

    private PtxOperand Operand()
    {
        PtxToken token = cursor.Take();
        switch (token.Text)
        {
            case "{":
                return List("}");
            case "(":
                return List(")");
            case "!":
                return new NotOperand(cursor.Word("a predicate"));
            case "-":
                return new NumberOperand("-" + cursor.Take().Text);
            case "[":
                return Address();
        }

        if (token.Kind == PtxTokenKind.Number)
        {
            return new NumberOperand(token.Text);
        }

        if (token.Kind != PtxTokenKind.Word)
        {
            throw new PtxSyntaxException(token.Line, $"expected an operand, found '{token.Text}'");
        }

        return cursor.TryTake("|") ? new PairOperand(token.Text, cursor.Word("a predicate")) : new NameOperand(token.Text);
    }

    private ListOperand List(string end)
    {
        List<PtxOperand> items = [];
        while (!cursor.TryTake(end))
        {
            items.Add(Operand());
            if (!cursor.Current.Is(end))
            {
                cursor.Expect(",");
            }
        }

        return new ListOperand(items);
    }

    private AddressOperand Address()
    {
        int line = cursor.Current.Line;
        PtxOperand origin = Operand();
        long offset = 0;
        if (cursor.TryTake("+"))
        {
            string sign = cursor.TryTake("-") ? "-" : "";
            offset = PtxLiteral.Integer(sign + cursor.Take().Text, line);
        }
        else if (cursor.TryTake("-"))
        {
            offset = PtxLiteral.Integer("-" + cursor.Take().Text, line);
        }

        cursor.Expect("]");
        return new AddressOperand(origin, offset);
    }
}
