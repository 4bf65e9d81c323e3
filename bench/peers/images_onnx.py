#!/usr/bin/env python3
"""The opponents of `l2c-bench decoder` and `l2c-bench inception`: the same networks as ONNX files, with random weights.

  decoder-256.onnx, decoder-512.onnx   Stable Diffusion's decoder (128 channels x 1 2 4 4, 2 residual blocks, z of 4), one image:
                                       z [1,4,side/8,side/8] -> image [1,3,side,side]
  inception-batch32.onnx               the FID Inception network up to its pool: image [32,3,299,299] -> pool [32,2048]; batch norms are folded
                                       into the convolutions, as ours are

Needs nothing but Python. Channels come first, as ONNX has them and ONNX Runtime re-orders them for its own convolutions; x sigmoid(x) is
Sigmoid and Mul, which it fuses; a group norm is InstanceNormalization over groups with scale and shift behind it, as PyTorch exports it. Files are
made once and not kept in the repository: 200 MB each.
"""
import argparse
import array
import math
import os
import random
import struct


class Message:
    """A protobuf message, field by field. Numbers of fields are those of onnx.proto3."""

    def __init__(self):
        self.bytes = bytearray()

    def integer(self, field, value):
        self._varint(field << 3)
        self._varint(value & (1 << 64) - 1)
        return self

    def real(self, field, value):
        self._varint(field << 3 | 5)
        self.bytes += struct.pack("<f", value)
        return self

    def data(self, field, value):
        value = value.encode() if isinstance(value, str) else value.bytes if isinstance(value, Message) else value
        self._varint(field << 3 | 2)
        self._varint(len(value))
        self.bytes += value
        return self

    def _varint(self, value):
        while value > 127:
            self.bytes.append(value & 127 | 128)
            value >>= 7
        self.bytes.append(value)


class Network:
    """A graph as it grows: every method adds nodes and returns the name of what they compute; sizes of an image are (channels, height, width)."""

    FLOAT, INT64 = 1, 7

    def __init__(self, name, batch, channels, height, width):
        self.graph = Message().data(2, name)
        self.graph.data(11, self._value("x", [batch, channels, height, width]))
        self.batch, self.sizes, self.count = batch, {"x": (channels, height, width)}, 0
        self.random = array.array("f", (random.Random(1).uniform(-1, 1) for _ in range(1 << 16)))

    def save(self, path, output, extents):
        self.node("Identity", [output], to="y")
        self.graph.data(12, self._value("y", [self.batch, *extents]))
        model = Message().integer(1, 8).data(7, self.graph).data(8, Message().data(1, "").integer(2, 17))
        with open(path + ".partial", "wb") as file:
            file.write(model.bytes)
        os.replace(path + ".partial", path)
        print(path, len(model.bytes) >> 20, "MiB", flush=True)

    def node(self, op, inputs, to=None, **attributes):
        self.count += 1
        to = to or f"v{self.count}"
        node = Message()
        for name in inputs:
            node.data(1, name)
        node.data(2, to).data(4, op)
        for name, value in attributes.items():
            attribute = Message().data(1, name)
            if isinstance(value, str):
                attribute.data(4, value).integer(20, 3)
            elif isinstance(value, float):
                attribute.real(2, value).integer(20, 1)
            elif isinstance(value, int):
                attribute.integer(3, value).integer(20, 2)
            else:
                for i in value:
                    attribute.integer(8, i)
                attribute.integer(20, 7)
            node.data(5, attribute)
        self.graph.data(1, node)
        return to

    def weights(self, *extents, bound=1.0, mean=0.0):
        count = math.prod(extents)
        block = array.array("f", (mean + bound * v for v in self.random)).tobytes()
        return self._tensor(self.FLOAT, extents, (block * (4 * count // len(block) + 1))[:4 * count])

    def integers(self, *values):
        return self._tensor(self.INT64, [len(values)], struct.pack(f"<{len(values)}q", *values))

    def convolution(self, x, outputs, height, width=None, stride=1, pads=None, activation=None):
        width = width or height
        channels, h, w = self.sizes[x]
        pads = pads or [height // 2, width // 2] * 2
        bound = math.sqrt(3 / (channels * height * width))
        inputs = [x, self.weights(outputs, channels, height, width, bound=bound), self.weights(outputs, bound=0.1)]
        y = self.node("Conv", inputs, kernel_shape=[height, width], strides=[stride, stride], pads=pads)
        size = (outputs, (h + pads[0] + pads[2] - height) // stride + 1, (w + pads[1] + pads[3] - width) // stride + 1)
        y = self.node(activation, [y]) if activation else y
        self.sizes[y] = size
        return y

    def pool(self, op, x, stride=1, pad=1, **attributes):
        c, h, w = self.sizes[x]
        y = self.node(op, [x], kernel_shape=[3, 3], strides=[stride, stride], pads=[pad] * 4, **attributes)
        self.sizes[y] = (c, (h + 2 * pad - 3) // stride + 1, (w + 2 * pad - 3) // stride + 1)
        return y

    def like(self, x, y):
        self.sizes[y] = self.sizes[x]
        return y

    def _tensor(self, kind, extents, data):
        self.count += 1
        tensor = Message()
        for extent in extents:
            tensor.integer(1, extent)
        tensor.integer(2, kind).data(8, f"w{self.count}").data(9, data)
        self.graph.data(5, tensor)
        return f"w{self.count}"

    def _value(self, name, extents):
        shape = Message()
        for extent in extents:
            shape.data(1, Message().integer(1, extent))
        return Message().data(1, name).data(2, Message().data(1, Message().integer(1, self.FLOAT).data(2, shape)))


class Decoder(Network):
    """ldm's decoder."""

    GROUPS = 32

    def __init__(self, side, channels=128, multipliers=(1, 2, 4, 4), blocks=2, z=4):
        super().__init__("decoder", 1, z, side // 8, side // 8)
        width = channels * multipliers[-1]
        x = self.convolution(self.convolution("x", z, 1), width, 3)
        x = self.residual(self.attention(self.residual(x, width)), width)
        for level in reversed(range(len(multipliers))):
            width = channels * multipliers[level]
            for _ in range(blocks + 1):
                x = self.residual(x, width)
            x = self.convolution(self.double(x), width, 3) if level else x
        self.image = self.convolution(self.norm(x, silu=True), 3, 3)

    def norm(self, x, silu):
        c, h, w = self.sizes[x]
        ones, zeros = self.weights(self.GROUPS, bound=0.0, mean=1.0), self.weights(self.GROUPS, bound=0.0)
        groups = self.node("Reshape", [x, self.integers(0, self.GROUPS, -1)])
        normed = self.node("InstanceNormalization", [groups, ones, zeros], epsilon=1e-6)
        y = self.node("Reshape", [normed, self.integers(1, c, h, w)])
        y = self.node("Mul", [y, self.weights(c, 1, 1, bound=0.1, mean=1.0)])
        y = self.node("Add", [y, self.weights(c, 1, 1, bound=0.1)])
        y = self.node("Mul", [y, self.node("Sigmoid", [y])]) if silu else y
        return self.like(x, y)

    def residual(self, x, width):
        hidden = self.convolution(self.norm(x, silu=True), width, 3)
        hidden = self.convolution(self.norm(hidden, silu=True), width, 3)
        x = x if self.sizes[x][0] == width else self.convolution(x, width, 1)
        return self.like(x, self.node("Add", [x, hidden]))

    def attention(self, x):
        c, h, w = self.sizes[x]
        normed = self.norm(x, silu=False)
        q, k, v = (self.node("Reshape", [self.convolution(normed, c, 1), self.integers(1, c, h * w)]) for _ in range(3))
        q = self.node("Mul", [self.node("Transpose", [q], perm=[0, 2, 1]), self.weights(1, bound=0.0, mean=c ** -0.5)])
        mixed = self.node("MatMul", [self.node("Softmax", [self.node("MatMul", [q, k])], axis=2), self.node("Transpose", [v], perm=[0, 2, 1])])
        mixed = self.node("Reshape", [self.node("Transpose", [mixed], perm=[0, 2, 1]), self.integers(1, c, h, w)])
        return self.like(x, self.node("Add", [x, self.convolution(self.like(x, mixed), c, 1)]))

    def double(self, x):
        c, h, w = self.sizes[x]
        scales = self._tensor(self.FLOAT, [4], struct.pack("<4f", 1, 1, 2, 2))
        y = self.node("Resize", [x, "", scales], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        self.sizes[y] = (c, 2 * h, 2 * w)
        return y


class Inception(Network):
    """Inception v3 of 2015-12-05 up to its pool."""

    def __init__(self, batch):
        super().__init__("inception", batch, 3, 299, 299)
        x = self.relu(self.relu(self.relu("x", 32, 3, stride=2, pads=[0] * 4), 32, 3, pads=[0] * 4), 64, 3)
        x = self.pool("MaxPool", x, stride=2, pad=0)
        x = self.relu(self.relu(x, 80, 1), 192, 3, pads=[0] * 4)
        x = self.pool("MaxPool", x, stride=2, pad=0)
        for width in (32, 64, 64):
            branch = self.relu(self.relu(self.relu(x, 64, 1), 96, 3), 96, 3)
            x = self.join(self.relu(x, 64, 1), self.relu(self.relu(x, 48, 1), 64, 5), branch, self.relu(self.average(x), width, 1))
        x = self.join(self.halve(x, 384), self.halve(self.relu(self.relu(x, 64, 1), 96, 3), 96), self.pool("MaxPool", x, stride=2, pad=0))
        for c in (128, 160, 160, 192):
            branch = self.relu(self.relu(self.relu(x, c, 1), c, 7, 1), c, 1, 7)
            branch = self.relu(self.relu(branch, c, 7, 1), 192, 1, 7)
            single = self.relu(self.relu(self.relu(x, c, 1), c, 1, 7), 192, 7, 1)
            x = self.join(self.relu(x, 192, 1), single, branch, self.relu(self.average(x), 192, 1))
        branch = self.halve(self.relu(self.relu(self.relu(x, 192, 1), 192, 1, 7), 192, 7, 1), 192)
        x = self.join(self.halve(self.relu(x, 192, 1), 320), branch, self.pool("MaxPool", x, stride=2, pad=0))
        for pool in (self.average, lambda x: self.pool("MaxPool", x)):
            single, double = self.relu(x, 384, 1), self.relu(self.relu(x, 448, 1), 384, 3)
            x = self.join(
                self.relu(x, 320, 1), self.relu(single, 384, 1, 3), self.relu(single, 384, 3, 1), self.relu(double, 384, 1, 3),
                self.relu(double, 384, 3, 1), self.relu(pool(x), 192, 1))
        self.features = self.node("Reshape", [self.node("GlobalAveragePool", [x]), self.integers(batch, 2048)])

    def relu(self, x, *arguments, **keywords):
        return self.convolution(x, *arguments, activation="Relu", **keywords)

    def halve(self, x, outputs):
        return self.relu(x, outputs, 3, stride=2, pads=[0] * 4)

    def average(self, x):
        return self.pool("AveragePool", x, count_include_pad=0)

    def join(self, *parts):
        y = self.node("Concat", parts, axis=1)
        self.sizes[y] = (sum(self.sizes[part][0] for part in parts), *self.sizes[parts[0]][1:])
        return y


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="where the files go")
    folder = parser.parse_args().folder
    os.makedirs(folder, exist_ok=True)
    for side in (256, 512):
        decoder = Decoder(side)
        decoder.save(os.path.join(folder, f"decoder-{side}.onnx"), decoder.image, (3, side, side))
    inception = Inception(32)
    inception.save(os.path.join(folder, "inception-batch32.onnx"), inception.features, (2048,))


if __name__ == "__main__":
    main()
