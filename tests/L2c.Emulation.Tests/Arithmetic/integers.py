"""Integer arithmetic, logic, shifts and bit fields."""
from rational import emit


def integers():
    def to_signed(x, bits):
        return x - (1 << bits) if x >> (bits - 1) & 1 else x

    def quotient(a, b):
        return abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)

    for bits in (16, 32, 64):
        top, most = 1 << bits - 1, (1 << bits) - 1
        pairs = [(top - 1, 1), (top, most), (most, 7), (0x1234567890ABCDEF & most, 0xFEDCBA9876543210 >> 3 & most), (5, most - 2)]
        for sign in "su":
            kind = f"{sign}{bits}"
            value = (lambda x: to_signed(x, bits)) if sign == "s" else (lambda x: x)
            wide = 2 * bits
            binary = {
                "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul.lo": lambda a, b: a * b, "mul.hi": lambda a, b: a * b >> bits,
                "div": quotient, "rem": lambda a, b: a - quotient(a, b) * b, "min": min, "max": max,
            }
            for name, function in binary.items():
                emit(f"{name}.{kind}", [([(a, bits), (b, bits)], (function(value(a), value(b)), bits)) for a, b in pairs])
            emit(f"mad.lo.{kind}", [([(a, bits), (b, bits), (9, bits)], (value(a) * value(b) + 9, bits)) for a, b in pairs])
            if bits < 64:
                emit(f"mul.wide.{kind}", [([(a, bits), (b, bits)], (value(a) * value(b), wide)) for a, b in pairs])
                emit(f"mad.wide.{kind}", [([(a, bits), (b, bits), (most, wide)], (value(a) * value(b) + most, wide)) for a, b in pairs])
            emit(f"shr.{kind}", [([(a, bits), (n, 32)], (value(a) >> min(n, bits), bits))
                                 for a in (top | 0x35, 0x7A) for n in (0, 3, bits - 1, bits, 200)])
            if bits > 16:
                rows = []
                for a in (0x89ABCDEF01234567 >> (64 - bits), 0x7654321089ABCDEF >> (64 - bits)):
                    for position, length in ((0, 8), (4, 12), (bits - 4, 8), (bits + 3, 5), (7, 0), (0, bits), (300, 4)):
                        p, n = position & 255, length & 255
                        fill = 0 if sign == "u" or n == 0 else a >> min(p + n - 1, bits - 1) & 1
                        result = sum((a >> p + i & 1 if i < n and p + i < bits else fill) << i for i in range(bits))
                        rows.append(([(a, bits), (position, 32), (length, 32)], (result, bits)))
                emit(f"bfe.{kind}", rows)
        emit(f"neg.s{bits}", [([(x, bits)], (-x, bits)) for x in (0, 1, top, most)])
        emit(f"abs.s{bits}", [([(x, bits)], (abs(to_signed(x, bits)), bits)) for x in (0, 1, top, most)])
        for name, function in (("and", lambda a, b: a & b), ("or", lambda a, b: a | b), ("xor", lambda a, b: a ^ b)):
            emit(f"{name}.b{bits}", [([(a, bits), (b, bits)], (function(a, b), bits)) for a, b in pairs])
        emit(f"not.b{bits}", [([(a, bits)], (~a, bits)) for a, _ in pairs])
        emit(f"shl.b{bits}", [([(0xA5 | top, bits), (n, 32)], (0xA5 << n if n < bits else 0, bits)) for n in (1, 4, bits - 1, bits, 255)])
        emit(f"shr.b{bits}", [([(0xA5 | top, bits), (n, 32)], ((0xA5 | top) >> n, bits)) for n in (1, 4, bits - 1, bits, 255)])
        for kind in ("b", "u", "s") + (("f",) if bits > 16 else ()):
            emit(f"mov.{kind}{bits}", [([(a, bits)], (a, bits)) for a, _ in pairs[2:4]])
        if bits > 16:
            x = 0x89ABCDEF01234567 >> (64 - bits)
            emit(f"popc.b{bits}", [([(v, bits)], (bin(v).count("1"), 32)) for v in (0, x, most)])
            emit(f"clz.b{bits}", [([(v, bits)], (bits - v.bit_length(), 32)) for v in (0, x >> 9, most)])
            emit(f"brev.b{bits}", [([(v, bits)], (int(f"{v:0{bits}b}"[::-1], 2), bits)) for v in (1, x)])
            rows = []
            for position, length in ((4, 8), (bits - 4, 8), (0, bits), (bits, 3), (9, 0), (260, 5)):
                p, n = position & 255, length & 255
                result = x
                for i in range(n):
                    if p + i < bits:
                        result = result & ~(1 << p + i) | (0xF5 >> i & 1) << p + i
                rows.append(([(0xF5, bits), (x, bits), (position, 32), (length, 32)], (result, bits)))
            emit(f"bfi.b{bits}", rows)
    a, b = 0x83A2C1E0, 0x7654F210
    rows = []
    for selector in (0x3210, 0x7654, 0x0437, 0xF8C9, 0xFFFF5140):
        data = a | b << 32
        result = 0
        for i in range(4):
            nibble = selector >> 4 * i & 15
            byte = data >> 8 * (nibble & 7) & 255
            result |= (byte if nibble < 8 else 255 * (byte >> 7)) << 8 * i
        rows.append(([(a, 32), (b, 32), (selector, 32)], (result, 32)))
    emit("prmt.b32", rows)
    rows = []
    for table in (0x80, 0xFE, 0x96, 0xE8, 0x2C):
        x, y, z = 0xF0F0AA55, 0xCCCC1234, 0xAAAA8765
        result = sum((table >> ((x >> i & 1) * 4 + (y >> i & 1) * 2 + (z >> i & 1)) & 1) << i for i in range(32))
        rows.append(([(x, 32), (y, 32), (z, 32), (table, 32)], (result, 32)))
    emit("lop3.b32", rows)
