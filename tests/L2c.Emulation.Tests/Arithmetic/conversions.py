"""cvt."""
import math
from fractions import Fraction as Q

from floats import HALVES, SINGLES
from rational import INF, NAN, bits_of, decode, emit, encode, flush, saturate


def conversions():
    def clamp(value, low, high):
        return min(max(value, low), high)

    kinds = [(sign, bits) for bits in (8, 16, 32, 64) for sign in "su"]
    span = lambda sign, bits: (-(1 << bits - 1), (1 << bits - 1) - 1) if sign == "s" else (0, (1 << bits) - 1)
    for sign_from, bits_from in kinds:
        width_from = max(bits_from, 16)
        for sign_to, bits_to in kinds:
            width_to = max(bits_to, 16)
            low, high = span(sign_to, bits_to)
            plain, saturated = [], []
            for raw in (0x85 << bits_from - 8, 0x7F, (1 << bits_from) - 3, 0x1234567890ABCDEF & (1 << bits_from) - 1):
                value = raw - (1 << bits_from) if sign_from == "s" and raw >> bits_from - 1 else raw
                # Above the type, the register holds what the instruction must not read.
                held = raw | (0x5A00 if bits_from == 8 else 0)
                extended = value & (1 << bits_to) - 1
                extended -= 1 << bits_to if sign_to == "s" and extended >> bits_to - 1 else 0
                plain.append(([(held, width_from)], (extended, width_to)))
                saturated.append(([(held, width_from)], (clamp(value, low, high), width_to)))
            emit(f"cvt.{sign_to}{bits_to}.{sign_from}{bits_from}", plain)
            if not span(sign_to, bits_to)[0] <= span(sign_from, bits_from)[0] <= span(sign_from, bits_from)[1] <= span(sign_to, bits_to)[1]:
                emit(f"cvt.sat.{sign_to}{bits_to}.{sign_from}{bits_from}", saturated)
        for fmt in ("f16", "f32", "f64"):
            rows = []
            for raw in (1, (1 << bits_from) - 1, 1 << bits_from - 1, 0x8000008000000001 >> (64 - bits_from),
                        0x8000018000000000 >> (64 - bits_from), 0x1001, 0x1003):
                raw &= (1 << bits_from) - 1
                value = raw - (1 << bits_from) if sign_from == "s" and raw >> bits_from - 1 else raw
                rows.append(([(raw, width_from)], (encode(int(value < 0), Q(abs(value)), fmt), bits_of(fmt))))
            emit(f"cvt.rn.{fmt}.{sign_from}{bits_from}", rows)

    def whole(value, mode):
        return {"rni": round, "rzi": math.trunc, "rmi": math.floor, "rpi": math.ceil}[mode](value)

    values = {
        "f16": [0x3800, 0x3E00, 0x4100, 0xB800, 0xBE00, 0xC2CD, 0x7BFF, 0xFC00, 0x7C00, 0x7E01, 0x8000, 0x0001],
        "f32": [0x3F000000, 0x3FC00000, 0x40200000, 0xBF000000, 0xBFC00000, 0xC0599999, 0x4F000000, 0xCF000001, 0x5F800000, 0xFF800000, 0x7F800000,
                0x7FC00001, 0x80000000, 0x00000001, 0xC3008000],
        "f64": [0x3FE0000000000000, 0x3FF8000000000000, 0x4004000000000000, 0xBFE0000000000000, 0xC00B333333333333, 0x41DFFFFFFFE00000,
                0x41E0000000000000,
                0xC3E0000000000001, 0x43F0000000000000, 0xFFF0000000000000, 0x7FF8000000000001, 0x8000000000000000],
    }
    for fmt, patterns in values.items():
        for mode in ("rni", "rzi", "rmi", "rpi"):
            for sign, bits in kinds:
                low, high = span(sign, bits)
                rows = []
                for x in patterns:
                    s, v = decode(x, fmt)
                    if v == NAN:
                        result = (-1 if sign == "s" else 1) << bits - 1 if fmt == "f64" or bits == 64 else 0
                    elif v == INF:
                        result = low if s else high
                    else:
                        result = clamp(whole(-v if s else v, mode), low, high)
                    rows.append(([(x, bits_of(fmt))], (result, max(bits, 16))))
                emit(f"cvt.{mode}.{sign}{bits}.{fmt}", rows)
            rows = []
            for x in patterns:
                s, v = decode(x, fmt)
                if v == NAN and fmt == "f64":
                    continue  # which NaN is not specified
                rows.append(([(x, bits_of(fmt))], (encode(s, v if v in (NAN, INF) else Q(abs(whole(-v if s else v, mode))), fmt), bits_of(fmt))))
            emit(f"cvt.{mode}.{fmt}.{fmt}", rows)
    numbers = [0x3F801000, 0x3F803000, 0x3F801001, 0x3F808000, 0x3F818000, 0x3F808001, 0x477FEFFF, 0x477FF000, 0x33000000, 0x33000001, 0x00000001,
               0x80400000, 0x7F7FFFFF, 0xFF800000, 0x7FC12345, 0x387FC000, 0x387FE000]
    for to in ("f16", "bf16"):
        for mode in ("rn", "rz"):
            emit(f"cvt.{mode}.{to}.f32", [([(x, 32)], (encode(*decode(x, "f32"), to, mode), 16)) for x in numbers])
        emit(f"cvt.rn.{to}x2.f32", [([(x, 32), (y, 32)], (encode(*decode(x, "f32"), to) << 16 | encode(*decode(y, "f32"), to), 32))
                                    for x, y in zip(numbers, numbers[1:])])
        emit(f"cvt.f32.{to}", [([(x, 16)], (encode(*decode(x, to), "f32"), 32)) for x in (0x3C01, 0x0001, 0x83FF, 0x7C00, 0xFC00, 0x7F80, 0x7FFF)])
    emit("cvt.rn.ftz.f16.f32", [([(x, 32)], (encode(*decode(flush(x, "f32"), "f32"), "f16"), 16)) for x in numbers])
    emit("cvt.sat.f32.f32", [([(x, 32)], (saturate(x, "f32"), 32)) for x in SINGLES[1]])
    emit("cvt.ftz.f32.f16", [([(x, 16)], (encode(*decode(x, "f16"), "f32"), 32)) for x in HALVES[1]])
    emit("cvt.f64.f16", [([(x, 16)], (encode(*decode(x, "f16"), "f64"), 64)) for x in HALVES[1][:5]])
    emit("cvt.f64.f32", [([(x, 32)], (encode(*decode(x, "f32"), "f64"), 64)) for x in SINGLES[1][:5]])
    doubles = [0x3FF0000010000000, 0x3FF0000030000000, 0x3FF0000010000001, 0x47EFFFFFF0000000, 0x47EFFFFFEFFFFFFF, 0x36A0000000000000,
               0x3690000000000001,              0x3690000000000000, 0xFFF0000000000000, 0x7FF8000000000001]
    for mode in ("rn", "rz"):
        emit(f"cvt.{mode}.f32.f64", [([(x, 64)], (encode(*decode(x, "f64"), "f32", mode), 32)) for x in doubles])
    emit("cvt.rn.f16.f64", [([(x, 64)], (encode(*decode(x, "f64"), "f16"), 16)) for x in doubles + [0x3FF0020000000000, 0x3FF0020000000001]])
    rows = []
    for x in (0x3F801000, 0x3F800FFF, 0xBF803000, 0x7F800000, 0x00001000):
        rows.append(([(x, 32)], (x & 0xFFFFE000 if decode(x, "f32")[1] == INF else x + 0x1000 & 0xFFFFE000, 32)))
    emit("cvt.rna.tf32.f32", rows)
