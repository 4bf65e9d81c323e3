#!/usr/bin/env python3
"""Writes tests/fixtures/torch-randn/randn.json from a live PyTorch. Needs Debian's python3-torch (1.13) on a processor with AVX2.

One stream per seed: the sizes are drawn one after another without reseeding. Bits are hexadecimal float32 words. Draws of up to 33
values are whole; of longer ones there are the first and last 16 values and the SHA-256 of all bytes (little-endian).
Usage: python3 dev/make-torch-fixtures.py > tests/fixtures/torch-randn/randn.json
"""
import hashlib
import json

import torch

SEEDS = [0, 1, 42, 2**31, 12345]
# The trailing 1 shows that a normal cached by a short draw survives the long draws between.
SIZES = [[1], [3], [15], [16], [17], [31], [33], [4, 32, 32], [100003], [1]]
WHOLE = 33


def words(values):
    return " ".join(f"{w:08x}" for w in values.view("<u4"))


def draw(size):
    values = torch.randn(*size).numpy().reshape(-1).astype("<f4")
    entry = {"count": values.size, "sha256": hashlib.sha256(values.tobytes()).hexdigest()}
    if values.size <= WHOLE:
        return entry | {"first": words(values)}
    return entry | {"first": words(values[:16]), "last": words(values[-16:])}


streams = []
for seed in SEEDS:
    torch.manual_seed(seed)
    streams.append({"seed": seed, "draws": [draw(size) for size in SIZES]})
print(json.dumps({"torch": torch.__version__, "streams": streams}, indent=1))
