"""add, sub, mul, fma, div, min, max, neg, abs and the functions, in every precision."""
import math
from fractions import Fraction as Q

from rational import INF, NAN, bits_of, decode, emit, encode, float_operation, flush

SINGLES = {
    1: [0x3FC00001, 0xC0490FDB, 0x00000001, 0x80000000, 0xFF800000, 0x7FC12345, 0x42F6E979],
    2: [(0x3FC00001, 0x33FFFFFF), (0x3F800000, 0x33800000), (0x3F800001, 0x33800000), (0x00800000, 0x80000001), (0x7F7FFFFF, 0x7F7FFFFF),
        (0x7F800000, 0xFF800000), (0x7FC00001, 0x3F800000), (0x80000000, 0x00000000), (0x00000003, 0x3F000000), (0xBF000000, 0x3E99999A),
        (0x40490FDB, 0x402DF854), (0x3F800000, 0x40400000), (0x00000000, 0x80000000)],
    3: [(0x3F800001, 0x3F800001, 0xBF800002), (0x40490FDB, 0x402DF854, 0x3DCCCCCD), (0x00800000, 0x3F000000, 0x00000001),
        (0x7F800000, 0x00000000, 0x3F800000), (0x7F7FFFFF, 0x40000000, 0xFF7FFFFF), (0x3F800000, 0x3E800000, 0x3F000000),
        (0xBF800000, 0x3F800000, 0x3E800000)],
}
DOUBLES = {
    1: [0x3FF8000000000001, 0xC00921FB54442D18, 0x0000000000000001, 0xFFF0000000000000],
    2: [(0x3FF0000000000000, 0x3CA0000000000000), (0x3FF0000000000001, 0x3CA0000000000000), (0x400921FB54442D18, 0x4005BF0A8B145769),
        (0x0010000000000000, 0x8000000000000001), (0x7FEFFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF), (0x8000000000000000, 0x0000000000000000)],
    3: [(0x3FF0000000000001, 0x3FF0000000000001, 0xBFF0000000000002), (0x400921FB54442D18, 0x4005BF0A8B145769, 0x3FB999999999999A)],
}
HALVES = {
    1: [0x3E01, 0xC248, 0x0001, 0x8000, 0xFC00, 0x7E01],
    2: [(0x3C00, 0x1000), (0x3C01, 0x1000), (0x3C00, 0x1001), (0x0400, 0x8001), (0x7BFF, 0x7BFF), (0x7C00, 0xFC00), (0x7E01, 0x3C00),
        (0x8000, 0x0000), (0x0003, 0x3800), (0xB800, 0x34CD), (0x4248, 0x4170)],
    3: [(0x3C01, 0x3C01, 0xBC02), (0x4248, 0x4170, 0x2E66), (0x3C01, 0x3C01, 0x0001), (0x4000, 0x7BFF, 0xFBFF), (0x3C00, 0x3400, 0x3800)],
}
BFLOATS = {
    1: [0x3FC1, 0xC049, 0x0001, 0x8000, 0xFF80, 0x7FC1],
    2: [(0x3F80, 0x3B80), (0x3F81, 0x3B80), (0x3F80, 0x3B81), (0x0080, 0x8001), (0x7F7F, 0x7F7F), (0x7F80, 0xFF80), (0x7FC1, 0x3F80),
        (0x8000, 0x0000), (0x4049, 0x402E), (0xBF00, 0x3E9A)],
    3: [(0x3F81, 0x3F81, 0xBF82), (0x4049, 0x402E, 0x3DCD), (0x3FC0, 0x3F81, 0x0001), (0x3FC0, 0x3F81, 0x8001), (0x7F00, 0x4000, 0xFF7F)],
}
OPERANDS = {"f32": SINGLES, "f64": DOUBLES, "f16": HALVES, "bf16": BFLOATS}


def floats():
    def form(opcode, name, kind, arity, ftz=False, sat=False):
        fmt = kind.replace("x2", "")
        rows = [x if isinstance(x, tuple) else (x,) for x in OPERANDS[fmt][arity]]
        results = [float_operation(name, fmt, row, ftz, sat) for row in rows]
        if kind == "f64":  # which NaN is not specified
            rows, results = zip(*[pair for pair in zip(rows, results) if decode(pair[1], fmt)[1] != NAN])
        width = bits_of(kind)
        if kind.endswith("x2"):
            # Neighbouring cases share a register, so that the halves differ.
            high = rows[1:] + rows[:1]
            results = [low | up << 16 for low, up in zip(results, results[1:] + results[:1])]
            rows = [tuple(a | b << 16 for a, b in zip(low, up)) for low, up in zip(rows, high)]
        emit(opcode, [([(x, width) for x in row], (result, width)) for row, result in zip(rows, results)])

    for name in ("add", "sub", "mul"):
        for rounding in ("", ".rn"):
            for kind in ("f32", "f64", "f16", "f16x2", "bf16", "bf16x2"):
                flushes = kind in ("f32", "f16", "f16x2")
                for ftz in (False, True)[: 1 + flushes]:
                    for sat in (False, True)[: 1 + (kind in ("f32", "f16"))]:
                        form(f"{name}{rounding}{'.ftz' * ftz}{'.sat' * sat}.{kind}", name, kind, 2, ftz, sat)
    for name, kinds in (("fma", ("f32", "f64", "f16", "f16x2", "bf16", "bf16x2")), ("mad", ("f32", "f64"))):
        for kind in kinds:
            for ftz in (False, True)[: 1 + (kind in ("f32", "f16", "f16x2"))]:
                for sat in (False, True)[: 1 + (kind in ("f32", "f16"))]:
                    form(f"{name}.rn{'.ftz' * ftz}{'.sat' * sat}.{kind}", name, kind, 3, ftz, sat)
    for opcode in ("div.rn.f32", "div.rn.ftz.f32", "div.rn.f64", "div.approx.f32", "div.approx.ftz.f32", "div.full.f32", "div.full.ftz.f32"):
        form(opcode, "div", opcode[-3:], 2, ".ftz" in opcode)
    for name, arity in (("min", 2), ("max", 2), ("neg", 1), ("abs", 1)):
        for kind in ("f32", "f64", "f16", "f16x2", "bf16", "bf16x2"):
            for ftz in ("", ".ftz")[: 1 + (kind in ("f32", "f16", "f16x2"))]:
                for nan in ("", ".NaN")[: 1 + (arity == 2 and kind != "f64")]:
                    form(f"{name}{ftz}{nan}.{kind}", name + nan, kind, arity, bool(ftz))


def functions():
    def single(value):
        magnitude = NAN if math.isnan(value) else INF if math.isinf(value) else Q(abs(value))
        return encode(int(math.copysign(1, value) < 0), magnitude, "f32")

    def number(bits, fmt="f32"):
        sign, value = decode(bits, fmt)
        return math.nan if value == NAN else math.copysign(math.inf if value == INF else float(value), -1 if sign else 1)

    def reciprocal(x):
        return math.copysign(math.inf, x) if x == 0 else 1 / x

    def root(x):
        return math.nan if x < 0 else x if x == 0 else math.sqrt(x)

    table = {
        "rcp": reciprocal, "sqrt": root, "rsqrt": lambda x: math.nan if x < 0 else reciprocal(root(x)),
        "ex2": lambda x: math.nan if math.isnan(x) else math.inf if x > 1000 else 0.0 if x < -1000 else 2.0 ** x,
        "lg2": lambda x: math.nan if x < 0 or math.isnan(x) else -math.inf if x == 0 else math.inf if math.isinf(x) else math.log2(x),
        "sin": lambda x: math.nan if math.isinf(x) else math.sin(x), "cos": lambda x: math.nan if math.isinf(x) else math.cos(x), "tanh": math.tanh,
    }
    operands = [0x3FC00001, 0xC0490FDB, 0x00000001, 0x00400000, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC12345, 0x41200000, 0x3F000000]
    for name, function in table.items():
        for mode in ([".rn", ".approx"] if name in ("rcp", "sqrt") else [".approx"]):
            for ftz in ("", ".ftz")[: 1 + (name != "tanh")]:
                rows = []
                for x in operands:
                    result = single(function(number(flush(x, "f32") if ftz else x)))
                    rows.append(([(x, 32)], (flush(result, "f32") if ftz else result, 32)))
                emit(f"{name}{mode}{ftz}.f32", rows)
    for opcode, name in (("rcp.rn.f64", "rcp"), ("sqrt.rn.f64", "sqrt"), ("rsqrt.approx.f64", "rsqrt")):
        values = [0x3FF8000000000001, 0x400921FB54442D18, 0x4024000000000000, 0x7FF0000000000000]
        rows = []
        for x in values:
            y = table[name](number(x, "f64"))
            rows.append(([(x, 64)], (encode(0, INF if math.isinf(y) else Q(y), "f64"), 64)))
        emit(opcode, rows)
