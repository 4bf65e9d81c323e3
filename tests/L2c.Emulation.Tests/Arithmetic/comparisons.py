"""setp, set, selp, testp and the logic of predicates."""
import math
from fractions import Fraction as Q

from rational import INF, NAN, bits_of, decode, emit, encode, flush


def comparisons():
    relation = {"eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b,
                "ge": lambda a, b: a >= b}
    unsigned = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}

    def key(bits, fmt):
        sign, value = decode(bits, fmt)
        return (math.inf if value == INF else value) * (-1 if sign else 1)

    for bits in (16, 32, 64):
        pairs = [(1, 1), (1, (1 << bits) - 1), ((1 << bits) - 1, 1), (1 << bits - 1, 0), (3, 4)]
        for sign in "bsu":
            value = (lambda x: x - (1 << bits) if x >> bits - 1 else x) if sign == "s" else (lambda x: x)
            names = list(relation) if sign == "s" else list(relation) + list(unsigned) if sign == "u" else ["eq", "ne"]
            for name in names:
                test = relation[unsigned.get(name, name)]
                emit(f"setp.{name}.{sign}{bits}", [([(a, bits), (b, bits)], (int(test(value(a), value(b))), 1)) for a, b in pairs])
    for fmt in ("f16", "bf16", "f32", "f64"):
        one, nan = encode(0, Q(1), fmt), encode(0, NAN, fmt)
        width = bits_of(fmt)
        pairs = [(one, one), (one, one + 1), (one + 1, one), (nan, one), (one, nan), (nan, nan), (0, 1 << width - 1), (1, 0),
                 (one | 1 << width - 1, one)]
        for name in list(relation) + ["equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"]:
            for ftz in ("", ".ftz")[: 1 + (fmt in ("f16", "f32"))]:
                rows = []
                for a, b in pairs:
                    x, y = (flush(a, fmt), flush(b, fmt)) if ftz else (a, b)
                    unordered = NAN in (decode(x, fmt)[1], decode(y, fmt)[1])
                    if name in ("num", "nan"):
                        result = unordered == (name == "nan")
                    else:
                        result = len(name) == 3 if unordered else relation[name[:2]](key(x, fmt), key(y, fmt))
                    rows.append(([(a, width), (b, width)], (int(result), 1)))
                emit(f"setp.{name}{ftz}.{fmt}", rows)
    cases = [(0x3F800000, 0x40000000), (0x40000000, 0x3F800000), (0x7FC00000, 0x3F800000)]
    for kind, true in (("u32", 0xFFFFFFFF), ("s32", 0xFFFFFFFF), ("f32", 0x3F800000)):
        emit(f"set.lt.{kind}.f32", [([(a, 32), (b, 32)], (true if a < b else 0, 32)) for a, b in cases])
    for name, test in (("and", lambda c, p: c & p), ("or", lambda c, p: c | p), ("xor", lambda c, p: c ^ p)):
        emit(f"setp.lt.{name}.s32", [([(a, 32), (b, 32), (p, 1)], (test(int(a < b), p), 1)) for a, b in ((1, 2), (2, 1)) for p in (0, 1)])
        emit(f"{name}.pred", [([(a, 1), (b, 1)], (test(a, b), 1)) for a in (0, 1) for b in (0, 1)])
    emit("not.pred", [([(a, 1)], (1 - a, 1)) for a in (0, 1)])
    emit("mov.pred", [([(a, 1)], (a, 1)) for a in (0, 1)])
    for kind in ("b16", "b32", "b64", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"):
        width = bits_of(kind)
        emit(f"selp.{kind}", [([(5, width), (7, width), (p, 1)], (5 if p else 7, width)) for p in (0, 1)])
    properties = {"finite": lambda v, n: v not in (NAN, INF), "infinite": lambda v, n: v == INF, "number": lambda v, n: v != NAN,
                  "notanumber": lambda v, n: v == NAN, "normal": lambda v, n: v == 0 or (v not in (NAN, INF) and v >= n),
                  "subnormal": lambda v, n: v not in (NAN, INF) and 0 < v < n}
    for name, test in properties.items():
        for fmt, least in (("f32", Q(2) ** -126), ("f64", Q(2) ** -1022)):
            width = bits_of(fmt)
            patterns = [0, 1 << width - 1, 1, encode(0, Q(1), fmt), encode(1, INF, fmt), encode(0, NAN, fmt), encode(0, least, fmt)]
            emit(f"testp.{name}.{fmt}", [([(x, width)], (int(test(decode(x, fmt)[1], least)), 1)) for x in patterns])
