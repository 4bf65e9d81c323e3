#!/usr/bin/env python3
"""Writes tests/fixtures/crops: pictures of many kinds, and the squares that the Python Imaging Library makes of them.

A square is what the published training of DiT and U-ViT sees of a picture: converted to RGB, halved by a box filter while its shorter side is at least
twice the size, resized by the bicubic filter, its middle cut out. Needs Debian's python3-pil and python3-numpy.
Usage: dev/make-crop-fixtures.py
"""

import json
import pathlib
import struct

import numpy as np
import PIL
from PIL import Image

SIZE = 32
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "crops"


def square(path):
    """The square of a picture, [SIZE, SIZE, 3] bytes."""
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    while min(width, height) >= 2 * SIZE:
        width, height = width // 2, height // 2
        picture = picture.resize((width, height), Image.BOX)
    factor = SIZE / min(width, height)
    picture = picture.resize((round(width * factor), round(height * factor)), Image.BICUBIC)
    left, top = (picture.width - SIZE) // 2, (picture.height - SIZE) // 2
    return np.asarray(picture)[top : top + SIZE, left : left + SIZE]


def noise(width, height, channels=3, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return values if channels > 1 else values[..., 0]


def waves(width, height, seed=0):
    """A picture that compression keeps: slow waves of other directions and phases in each channel."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    channels = []
    for _ in range(3):
        a, b, phase = random.uniform(0.02, 0.2, 3)
        channels.append(127.5 + 120 * np.sin(a * x + b * y + 30 * phase))
    return np.stack(channels, axis=-1).astype(np.uint8)


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)

    def save(name, picture, mode=None, **options):
        Image.fromarray(picture, mode).save(FOLDER / name, **options)

    save("halved.png", noise(101, 64, seed=1))
    save("halved-twice.png", noise(131, 197, seed=2) & 0xC0)
    save("shrunk.png", noise(47, 90, seed=3))
    save("enlarged.png", noise(20, 25, seed=4))
    save("as-it-is.png", noise(32, 32, seed=5))
    save("long.png", noise(200, 8, seed=6))
    save("grey.png", noise(40, 50, channels=1, seed=7))
    save("grey-and-opacity.png", noise(35, 41, channels=2, seed=8), "LA")
    save("opacity.png", noise(45, 37, channels=4, seed=9))
    Image.fromarray(waves(61, 44, seed=10)).quantize(32).save(FOLDER / "palette.png", transparency=3)
    save("half-resolution-colour.jpg", waves(96, 70, seed=11), quality=90, subsampling=2)
    save("full-resolution-colour.jpg", noise(50, 38, seed=12), quality=95, subsampling=0)
    save("progressive.jpg", waves(83, 60, seed=13), quality=85, progressive=True)
    save("grey.jpg", waves(40, 66, seed=14)[..., 0], quality=90)
    save("turned.jpg", waves(70, 50, seed=15), quality=90, exif=orientation(6))
    Image.fromarray(waves(48, 52, seed=16)).convert("CMYK").save(FOLDER / "inks.jpg", quality=95)
    save("lossless.webp", noise(37, 44, seed=17), lossless=True)
    save("lossy.webp", waves(90, 66, seed=18), quality=80)

    names = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".safetensors")
    squares = np.stack([square(FOLDER / name) for name in names])
    header = json.dumps(
        {
            "__metadata__": {"pictures": json.dumps(names), "made by": f"Pillow {PIL.__version__}"},
            "squares": {"dtype": "U8", "shape": list(squares.shape), "data_offsets": [0, squares.size]},
        }
    ).encode()
    (FOLDER / "squares.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + squares.tobytes())


if __name__ == "__main__":
    main()
