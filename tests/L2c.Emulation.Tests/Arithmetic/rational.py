"""Floating-point formats on exact rationals: decoding, one rounding, and the arithmetic of the PTX ISA."""
import math
from fractions import Fraction as Q

FORMATS = {"f16": (5, 10), "bf16": (8, 7), "f32": (8, 23), "f64": (11, 52), "tf32": (8, 10)}
NAN, INF = "nan", "inf"


def bits_of(kind):
    return {"f16x2": 32, "bf16x2": 32, "bf16": 16, "tf32": 32}.get(kind) or int(kind[1:])


def decode(bits, fmt):
    """Bits to (sign, magnitude): a Fraction, INF or NAN."""
    e, f = FORMATS[fmt]
    sign, exponent, fraction = bits >> (e + f), bits >> f & (1 << e) - 1, bits & (1 << f) - 1
    bias = (1 << e - 1) - 1
    if exponent == (1 << e) - 1:
        return sign, NAN if fraction else INF
    scale = Q(2) ** (max(exponent, 1) - bias - f)
    return sign, (fraction + ((1 << f) if exponent else 0)) * scale


def encode(sign, value, fmt, mode="rn"):
    """(sign, magnitude) to bits; rn, rz or rna."""
    e, f = FORMATS[fmt]
    bias = (1 << e - 1) - 1
    top = sign << (e + f)
    if value == NAN:
        return {"f16": 0x7FFF, "bf16": 0x7FFF, "f32": 0x7FFFFFFF, "f64": 0x7FF8000000000000}[fmt]
    infinity = top | ((1 << e) - 1) << f
    if value == INF:
        return infinity
    if value == 0:
        return top
    exponent = max(value.numerator.bit_length() - value.denominator.bit_length(), 1 - bias)
    while value >= Q(2) ** (exponent + 1):
        exponent += 1
    while exponent > 1 - bias and value < Q(2) ** exponent:
        exponent -= 1
    units = value / Q(2) ** (exponent - f)
    whole = math.floor(units)
    rest = units - whole
    up = {"rn": rest > Q(1, 2) or (rest == Q(1, 2) and whole & 1), "rna": rest >= Q(1, 2), "rz": False}[mode]
    whole += up
    number = whole + ((exponent + bias - 1) << f) if whole >> f else whole
    if number >= ((1 << e) - 1) << f:
        return infinity - 1 if mode == "rz" else infinity
    return top | number


def signed(pair):
    return -pair[1] if pair[0] else pair[1]


def arithmetic(operation, operands):
    """Exact result of add, sub, mul, div, fma on (sign, magnitude) pairs."""
    a, b = operands[0], operands[1]
    if any(x[1] == NAN for x in operands):
        return 0, NAN
    if operation == "sub":
        return arithmetic("add", [a, (1 - b[0], b[1])])
    if operation == "add":
        if INF in (a[1], b[1]):
            return (0, NAN) if a[1] == b[1] == INF and a[0] != b[0] else (a if a[1] == INF else b)
        total = signed(a) + signed(b)
        return (a[0] & b[0], Q(0)) if total == 0 else (int(total < 0), abs(total))
    sign = a[0] ^ b[0]
    if operation == "mul":
        if INF in (a[1], b[1]):
            return (0, NAN) if 0 in (a[1], b[1]) else (sign, INF)
        return sign, a[1] * b[1]
    if operation == "div":
        if a[1] == b[1] and a[1] in (0, INF):
            return 0, NAN
        return (sign, INF) if a[1] == INF or b[1] == 0 else (sign, Q(0)) if b[1] == INF else (sign, a[1] / b[1])
    return arithmetic("add", [arithmetic("mul", [a, b]), operands[2]])


def extreme(operation, a, b, propagates):
    if NAN in (a[1], b[1]):
        return (0, NAN) if propagates or a[1] == b[1] else (b if a[1] == NAN else a)
    key = lambda x: (math.inf if x[1] == INF else x[1]) * (-1 if x[0] else 1)
    if key(a) == key(b):
        return (a[0] | b[0] if operation == "min" else a[0] & b[0], a[1])
    return (min if operation == "min" else max)(a, b, key=key)


def flush(bits, fmt):
    e, f = FORMATS[fmt]
    return bits if bits >> f & (1 << e) - 1 else bits >> (e + f) << (e + f)


def saturate(bits, fmt):
    sign, value = decode(bits, fmt)
    return 0 if value == NAN or sign else encode(0, Q(1) if value == INF else min(value, Q(1)), fmt)


def float_operation(name, fmt, operands, ftz, sat):
    if ftz:
        operands = [flush(x, fmt) for x in operands]
    values = [decode(x, fmt) for x in operands]
    base = name.split(".")[0]
    if base in ("min", "max"):
        result = extreme(base, values[0], values[1], "NaN" in name)
    elif base in ("neg", "abs"):
        result = (0 if base == "abs" else 1 - values[0][0], values[0][1])
    else:
        result = arithmetic({"mad": "fma"}.get(base, base), values)
    bits = encode(*result, fmt)
    bits = flush(bits, fmt) if ftz else bits
    return saturate(bits, fmt) if sat else bits


def emit(opcode, rows):
    """rows: (operands with widths, result with its width); width 1 is a predicate."""
    text = lambda value, width: "FT"[value] if width == 1 else f"{value & (1 << width) - 1:0{width // 4}X}"
    line = ""
    for operands, result in rows:
        case = " ".join(text(*x) for x in operands) + " = " + text(*result)
        if line and len(opcode) + len(line) + len(case) > 140:
            print(f"{opcode}: {line}")
            line = ""
        line += "; " * bool(line) + case
    print(f"{opcode}: {line}")
