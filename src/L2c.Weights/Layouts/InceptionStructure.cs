namespace L2c.Weights.Layouts;

/// <summary>The FID Inception network as a list of steps: 94 convolutions and their pools, in an order in which they can be computed.</summary>
/// <remarks>
/// It differs from other copies of Inception v3 in its averages, which do not count padding, in the maximum of its last block, in its 1008 classes, and
/// has no auxiliary classifier. Source: the graph of 2015-12-05 that Heusel et al. 2017 use, as ported by pytorch-fid and torch-fidelity.
/// </remarks>
public static class InceptionStructure
{
    /// <summary>Name of the network's input.</summary>
    public const string Image = "image";

    /// <summary>Name of the last step, whose 2048 channels are the features of FID.</summary>
    public const string Pool = "pool";

    /// <summary>Name of the convolution whose first channels are the features of sFID: <c>mixed_6/conv</c> in the graph.</summary>
    public const string Spatial = "Mixed_6d.branch1x1";

    /// <summary>Name of the classifier, of which only the weight has a use.</summary>
    public const string Classifier = "fc";

    /// <summary>H and W of the input.</summary>
    public const int Side = 299;

    /// <summary>C of the input.</summary>
    public const int Colours = 3;

    /// <summary>Channels of <see cref="Pool"/>.</summary>
    public const int PoolLength = 2048;

    /// <summary>Channels of <see cref="Spatial"/> that count.</summary>
    public const int SpatialChannels = 7;

    /// <summary>H and W of <see cref="Spatial"/>.</summary>
    public const int SpatialSide = 17;

    /// <summary>Outputs of <see cref="Classifier"/>.</summary>
    public const int Classes = 1008;

    /// <summary>The steps.</summary>
    public static IReadOnlyList<InceptionStep> Steps { get; } = new Writer().All();

    /// <summary>The steps with weights.</summary>
    public static IEnumerable<InceptionStep> Convolutions => Steps.Where(step => step.Op == InceptionOp.Convolution);

    /// <summary>A window and, of a convolution, its outputs. Within a block what has a stride of 1 is padded.</summary>
    private readonly record struct Layer(string Name, int Outputs, int Height, int Width, int Stride = 1);

    /// <summary>Writes the table down. An image is its name and its channels.</summary>
    private sealed class Writer
    {
        private readonly List<InceptionStep> _steps = [];
        private (string Name, int Channels) _input = (Image, Colours), _block;

        public List<InceptionStep> All()
        {
            Single(new("Conv2d_1a_3x3", 32, 3, 3, 2));
            Single(new("Conv2d_2a_3x3", 32, 3, 3));
            Single(new("Conv2d_2b_3x3", 64, 3, 3), padded: true);
            Single(new("MaxPool_1", 64, 3, 3, 2), InceptionOp.MaxPool);
            Single(new("Conv2d_3b_1x1", 80, 1, 1));
            Single(new("Conv2d_4a_3x3", 192, 3, 3));
            Single(new("MaxPool_2", 192, 3, 3, 2), InceptionOp.MaxPool);
            A("Mixed_5b", 32);
            A("Mixed_5c", 64);
            A("Mixed_5d", 64);
            B("Mixed_6a");
            C("Mixed_6b", 128);
            C("Mixed_6c", 160);
            C("Mixed_6d", 160);
            C("Mixed_6e", 192);
            D("Mixed_7a");
            E("Mixed_7b", InceptionOp.AveragePool);
            E("Mixed_7c", InceptionOp.MaxPool);
            Single(new(Pool, PoolLength, 8, 8), InceptionOp.AveragePool);
            return _steps;
        }

        private void A(string name, int pooled) => Block(name, () =>
        {
            Branch(_input, new Layer("branch1x1", 64, 1, 1));
            Branch(_input, new("branch5x5_1", 48, 1, 1), new("branch5x5_2", 64, 5, 5));
            Branch(_input, new("branch3x3dbl_1", 64, 1, 1), new("branch3x3dbl_2", 96, 3, 3), new("branch3x3dbl_3", 96, 3, 3));
            Branch(Around(InceptionOp.AveragePool), new Layer("branch_pool", pooled, 1, 1));
        });

        private void B(string name) => Block(name, () =>
        {
            Branch(_input, new Layer("branch3x3", 384, 3, 3, 2));
            Branch(_input, new("branch3x3dbl_1", 64, 1, 1), new("branch3x3dbl_2", 96, 3, 3), new("branch3x3dbl_3", 96, 3, 3, 2));
            Halved();
        });

        private void C(string name, int c) => Block(name, () =>
        {
            Branch(_input, new Layer("branch1x1", 192, 1, 1));
            Branch(_input, new("branch7x7_1", c, 1, 1), new("branch7x7_2", c, 1, 7), new("branch7x7_3", 192, 7, 1));
            Branch(
                _input, new("branch7x7dbl_1", c, 1, 1), new("branch7x7dbl_2", c, 7, 1), new("branch7x7dbl_3", c, 1, 7),
                new("branch7x7dbl_4", c, 7, 1), new("branch7x7dbl_5", 192, 1, 7));
            Branch(Around(InceptionOp.AveragePool), new Layer("branch_pool", 192, 1, 1));
        });

        private void D(string name) => Block(name, () =>
        {
            Branch(_input, new("branch3x3_1", 192, 1, 1), new("branch3x3_2", 320, 3, 3, 2));
            Branch(
                _input, new("branch7x7x3_1", 192, 1, 1), new("branch7x7x3_2", 192, 1, 7), new("branch7x7x3_3", 192, 7, 1),
                new("branch7x7x3_4", 192, 3, 3, 2));
            Halved();
        });

        private void E(string name, InceptionOp pool) => Block(name, () =>
        {
            Branch(_input, new Layer("branch1x1", 320, 1, 1));
            (string, int) split = Chain(_input, new Layer("branch3x3_1", 384, 1, 1));
            Branch(split, new Layer("branch3x3_2a", 384, 1, 3));
            Branch(split, new Layer("branch3x3_2b", 384, 3, 1));
            split = Chain(_input, new("branch3x3dbl_1", 448, 1, 1), new("branch3x3dbl_2", 384, 3, 3));
            Branch(split, new Layer("branch3x3dbl_3a", 384, 1, 3));
            Branch(split, new Layer("branch3x3dbl_3b", 384, 3, 1));
            Branch(Around(pool), new Layer("branch_pool", 192, 1, 1));
        });

        private void Single(Layer layer, InceptionOp op = InceptionOp.Convolution, bool padded = false)
        {
            Add(layer, op, _input, layer.Name, 0, padded);
            _input = (layer.Name, layer.Outputs);
        }

        private void Block(string name, Action branches)
        {
            _block = (name, 0);
            branches();
            _input = _block;
        }

        /// <summary>Convolutions one after the other, the last of which writes the block's next channels.</summary>
        private void Branch((string Name, int Channels) from, params ReadOnlySpan<Layer> layers)
        {
            Layer last = layers[^1] with { Name = $"{_block.Name}.{layers[^1].Name}" };
            Add(last, InceptionOp.Convolution, Chain(from, layers[..^1]), _block.Name, _block.Channels, padded: last.Stride == 1);
            _block.Channels += last.Outputs;
        }

        private (string Name, int Channels) Chain((string Name, int Channels) from, params ReadOnlySpan<Layer> layers)
        {
            foreach (Layer layer in layers)
            {
                Layer named = layer with { Name = $"{_block.Name}.{layer.Name}" };
                Add(named, InceptionOp.Convolution, from, named.Name, 0, padded: true);
                from = (named.Name, named.Outputs);
            }

            return from;
        }

        /// <summary>The block's input, of every position the mean or the maximum of those around it.</summary>
        private (string Name, int Channels) Around(InceptionOp pool)
        {
            string name = $"{_block.Name}.pool";
            Add(new Layer(name, _input.Channels, 3, 3), pool, _input, name, 0, padded: true);
            return (name, _input.Channels);
        }

        /// <summary>A maximum of stride 2 as the block's next channels.</summary>
        private void Halved()
        {
            Add(
                new Layer($"{_block.Name}.pool", _input.Channels, 3, 3, 2), InceptionOp.MaxPool, _input, _block.Name, _block.Channels,
                padded: false);
            _block.Channels += _input.Channels;
        }

        private void Add(Layer layer, InceptionOp op, (string Name, int Channels) from, string output, int first, bool padded) => _steps.Add(new(
            layer.Name, op, from.Name, output, first, from.Channels, layer.Outputs, layer.Height, layer.Width, layer.Stride, padded));
    }
}
