#!/usr/bin/env python3
"""The opponent: a DiT of the published architecture in PyTorch, made as fast as PyTorch makes it, and rates of the same GPU.

Prints one JSON object per line:

  {"what": "environment"}      versions and device
  {"what": "copy"}             GB/s of a device copy, bytes read plus bytes written
  {"what": "matmul"}           TFLOP/s of one large square product in the data type
  {"what": "products"}         ms of the four linear maps of every block alone, without bias, weights cold, replayed from a graph; variant plain (as
                               cuBLAS chooses) | tuned (max-autotune: that against Triton's kernels). A faster algorithm goes below both
  {"what": "forward"}          ms of one evaluation of the network; variant eager | compiled (max-autotune, one CUDA graph)
  {"what": "sample"}           ms of a whole guided DDIM run in one CUDA graph; variant full | cached (a schedule of `l2c sample --save-schedule`)

Each has "seconds": what went by since the line before, compilation included. --parts measures some: rates is copy, matmul and the plain products,
eager the forward pass as it is; products (tuned), compiled (the forward pass) and sample compile for minutes, to where TORCHINDUCTOR_CACHE_DIR says.
Medians; batch = 2 x images (guidance). Weights are random and not zero: time does not depend on their values, power draw a little.
Without a GPU (--device cpu) it runs the same code with tiny defaults and compiles nothing, so that the script itself can be checked anywhere.
"""
import argparse
import contextlib
import json
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

# name: depth, hidden width, patch, heads
MODELS = {"DiT-XL/2": (28, 1152, 2, 16), "DiT-L/2": (24, 1024, 2, 16), "DiT-B/2": (12, 768, 2, 12), "DiT-S/2": (12, 384, 2, 6)}
PARTS = ("rates", "eager", "products", "compiled", "sample")
TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
# One compilation per shape; graphs are recorded here, of the whole work.
TUNED = {"mode": "max-autotune-no-cudagraphs", "dynamic": False}


def attention(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v)
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1) @ v


def adaln(x, shift, scale):
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


class Block(nn.Module):
    """One adaLN-Zero block that can be handed the outputs of either branch."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.modulation = nn.Linear(width, 6 * width)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, condition, attn=None, mlp=None):
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = self.modulation(condition)[:, None].chunk(6, -1)
        if attn is None:
            batch, tokens, width = x.shape
            qkv = self.qkv(adaln(x, shift_a, scale_a)).reshape(batch, tokens, 3, self.heads, -1)
            heads = attention(*qkv.permute(2, 0, 3, 1, 4))
            attn = self.projection(heads.transpose(1, 2).reshape(batch, tokens, width))
        x = x + gate_a * attn
        if mlp is None:
            mlp = self.fc2(F.gelu(self.fc1(adaln(x, shift_m, scale_m)), approximate="tanh"))
        return x + gate_m * mlp, attn, mlp


class DiT(nn.Module):
    def __init__(self, depth, width, patch, heads, latent, channels=4, classes=1000):
        super().__init__()
        self.patch, self.grid, self.channels = patch, latent // patch, channels
        self.embed = nn.Conv2d(channels, width, patch, patch)
        self.positions = nn.Parameter(torch.empty(1, self.grid**2, width))
        self.time1, self.time2 = nn.Linear(256, width), nn.Linear(width, width)
        self.labels = nn.Embedding(classes + 1, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.final_modulation, self.final = nn.Linear(width, 2 * width), nn.Linear(width, patch * patch * 2 * channels)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.02)

    def forward(self, x, t, y, compute=None, kept=None):
        """compute: one flag per branch, None for all; kept: outputs of the last full evaluation. Returns the output and all branch outputs."""
        frequencies = torch.exp(torch.arange(128, device=x.device) * (-math.log(10000) / 128))
        angles = t.float()[:, None] * frequencies
        embedded = torch.cat([angles.cos(), angles.sin()], -1).to(x.dtype)
        condition = F.silu(self.time2(F.silu(self.time1(embedded))) + self.labels(y))
        x = self.embed(x).flatten(2).transpose(1, 2) + self.positions
        outputs = []
        for i, block in enumerate(self.blocks):
            reused = [None if compute is None or compute[2 * i + j] else kept[2 * i + j] for j in (0, 1)]
            x, attn, mlp = block(x, condition, *reused)
            outputs += [attn, mlp]
        shift, scale = self.final_modulation(condition)[:, None].chunk(2, -1)
        x = self.final(adaln(x, shift, scale)).reshape(-1, self.grid, self.grid, self.patch, self.patch, 2 * self.channels)
        side = self.grid * self.patch
        return x.permute(0, 5, 1, 3, 2, 4).reshape(-1, 2 * self.channels, side, side), outputs


def ddim(model, steps, rows, guidance, dtype):
    """A function from noise and labels to samples; rows: per evaluation None (compute all) or one flag per branch."""
    alpha_bar = torch.cumprod(1 - torch.linspace(1e-4, 2e-2, 1000, dtype=torch.float64), 0).tolist()
    timesteps = [round(i * 999 / (steps - 1)) for i in reversed(range(steps))]

    def run(x, y):
        kept = None
        for e, t in enumerate(timesteps):
            now, then = alpha_bar[t], alpha_bar[timesteps[e + 1]] if e + 1 < steps else 1.0
            times = torch.full((2 * len(x),), t, device=x.device)
            output, outputs = model(torch.cat([x, x]).to(dtype), times, y, rows[e], kept)
            kept = outputs if rows[e] is None else kept
            conditional, unconditional = output[:, : x.shape[1]].float().chunk(2)
            eps = unconditional + guidance * (conditional - unconditional)
            x0 = (x - math.sqrt(1 - now) * eps) / math.sqrt(now)
            x = math.sqrt(then) * x0 + math.sqrt(1 - then) * eps
        return x

    return run


class Clock:
    def __init__(self, device):
        self.cuda = device == "cuda"

    def graph(self, work):
        """The work recorded into one CUDA graph; without a GPU the work itself."""
        if not self.cuda:
            return work
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                work()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = work()
        replay = lambda: graph.replay()
        replay.result = result  # its memory must outlive the graph
        return replay

    def median_ms(self, work, repeats, warm=2):
        """Half a second goes by before the first that counts: a GPU's clocks take their time to rise."""
        start = time.perf_counter()
        while warm > 0 or (self.cuda and time.perf_counter() - start < 0.5):
            work()
            warm -= 1
            if self.cuda:
                torch.cuda.synchronize()
        times = []
        for _ in range(repeats):
            if self.cuda:
                start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
                start.record()
                work()
                end.record()
                end.synchronize()
                times.append(start.elapsed_time(end))
            else:
                start = time.perf_counter()
                work()
                times.append((time.perf_counter() - start) * 1e3)
        return statistics.median(times)


def rates(report, clock, device, dtype, repeats):
    size, n = (1 << 30, 8192) if device == "cuda" else (1 << 24, 512)
    source = torch.empty(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    report(what="copy", GBps=2 * size / clock.median_ms(lambda: target.copy_(source), repeats) / 1e6)
    a, b = (torch.randn(n, n, device=device, dtype=dtype) for _ in range(2))
    report(what="matmul", n=n, TFLOPs=2 * n**3 / clock.median_ms(lambda: a @ b, repeats) / 1e9)


def products(report, clock, device, dtype, shape, tokens, batch, repeats, variant):
    depth, width, _, _ = shape
    # Not by TunableOp: built for CUDA it knows one implementation of a product, and so has nothing to choose from.
    linear = torch.compile(lambda x, w: F.linear(x, w), **TUNED) if variant == "tuned" else F.linear
    total = 0.0
    for inputs, outputs in [(width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)]:
        # Eight weights in turn, as in a forward pass: one alone would stay in the cache.
        weights = [torch.randn(outputs, inputs, device=device, dtype=dtype) * 0.02 for _ in range(8)]
        x = torch.randn(batch * tokens, inputs, device=device, dtype=dtype)
        total += clock.median_ms(clock.graph(lambda: [linear(x, w) for w in weights]), repeats) / 8
    report(what="products", variant=variant, images=batch // 2, ms=total * depth, TFLOPs=24 * batch * tokens * width**2 / total / 1e9)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="DiT-XL/2")
    parser.add_argument("--image-size", type=int, default=256)
    parser.add_argument("--images", default="1,8,32", help="batch sizes, comma-separated")
    parser.add_argument("--steps", default="20,50", help="numbers of evaluations, comma-separated; empty for no sampling")
    parser.add_argument("--schedule", action="append", default=[], help="l2c-schedule/1 file for the cached run of its number of steps; repeatable")
    parser.add_argument("--dtype", choices=TYPES, default="bf16")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", choices=["cuda", "cpu"])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--parts", default=",".join(PARTS), help="some of " + ",".join(PARTS))
    parser.add_argument("--tiny", action="store_true", help="two blocks and a few tokens: a check of this script, not a measurement")
    options = parser.parse_args()
    parts = options.parts.split(",")
    if not set(parts) <= set(PARTS):
        parser.error(f"--parts: {options.parts} is not made of {','.join(PARTS)}")

    last = time.perf_counter()

    def report(**row):
        nonlocal last
        now = time.perf_counter()
        print(json.dumps({**row, "seconds": round(now - last, 1)}), flush=True)
        last = now

    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    device, dtype, clock = options.device, TYPES[options.dtype], Clock(options.device)
    shape = (2, 64, 2, 2) if options.tiny else MODELS[options.model]
    latent = 8 if options.tiny else options.image_size // 8
    tokens = (latent // shape[2]) ** 2
    images = [int(n) for n in options.images.split(",")]
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    report(what="environment", torch=torch.__version__, cuda=torch.version.cuda, device=name, model=options.model, tiny=options.tiny,
           imageSize=options.image_size, dtype=options.dtype, repeats=options.repeats)
    compiles = device == "cuda"
    if compiles:
        from torch import _dynamo
        # Shapes and schedules are compilations of one function; what is over the limit, which changed its name, would quietly run as it is.
        for limit in filter(lambda word: hasattr(_dynamo.config, word), ("cache_size_limit", "recompile_limit")):
            setattr(_dynamo.config, limit, 64)
    if "rates" in parts:
        rates(report, clock, device, dtype, options.repeats)
    for variant, part in [("plain", "rates"), ("tuned", "products")]:
        for n in images if part in parts and (compiles or variant == "plain") else []:
            products(report, clock, device, dtype, shape, tokens, 2 * n, options.repeats, variant)
    if not {"eager", "compiled", "sample"} & set(parts):
        return

    schedules = {}
    for path in options.schedule:
        evaluations = json.load(open(path))["evaluations"]
        schedules[len(evaluations)] = [None if "0" not in e["compute"] else [bit == "1" for bit in e["compute"]] for e in evaluations]

    # Made where it runs: a CPU takes long to draw 675 million numbers.
    with torch.device(device) if hasattr(torch, "set_default_device") else contextlib.nullcontext():
        model = DiT(*shape, latent)
    model = model.to(device, dtype).eval()
    inputs = {n: (torch.randn(n, 4, latent, latent, device=device), torch.randint(0, 1000, (2 * n,), device=device)) for n in images}
    for n, (x, y) in inputs.items():
        times, doubled = torch.full((2 * n,), 500, device=device), torch.cat([x, x]).to(dtype)
        if "eager" in parts:
            report(what="forward", variant="eager", images=n, ms=clock.median_ms(lambda: model(doubled, times, y), options.repeats))
        if "compiled" in parts and compiles:
            compiled = torch.compile(model, **TUNED)
            report(what="forward", variant="compiled", images=n, ms=clock.median_ms(clock.graph(lambda: compiled(doubled, times, y)), options.repeats))

    if "sample" not in parts:
        return
    if compiles:
        # Block by block, so that every schedule shares what is compiled.
        for block in model.blocks:
            block.compile(**TUNED)
    for n, (x, y) in inputs.items():
        for steps in [int(s) for s in options.steps.split(",") if s]:
            for variant, rows in [("full", [None] * steps), ("cached", schedules.get(steps))]:
                if rows is not None:
                    run = ddim(model, steps, rows, 4.0, dtype)
                    ms = clock.median_ms(clock.graph(lambda: run(x, y)), max(3, options.repeats // 3), warm=1)
                    report(what="sample", variant=variant, images=n, steps=steps, ms=ms, compiled=compiles)


if __name__ == "__main__":
    main()
