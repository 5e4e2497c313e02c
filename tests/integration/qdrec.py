# SPDX-License-Identifier: Apache-2.0
"""A reader of .qdrec files written from core/recording/FORMAT.md alone: the proof that a stranger can do it.

Needs nothing of the product: sqlite3, and the Debian packages python3-zstandard and python3-xxhash.
"""
import sqlite3
import struct

import xxhash
import zstandard

MASK = (1 << 64) - 1
GRID = 250_000


def signed(v):
    v &= MASK
    return v - (1 << 64) if v >> 63 else v


def unzigzag(v):
    return (v >> 1) ^ (-(v & 1) & MASK)


class Reader:
    """Bytes from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def u8(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def raw(self, size):
        if self.at + size > len(self.data):
            raise ValueError("beyond the end")
        self.at += size
        return self.data[self.at - size:self.at]

    def block(self):
        return self.raw(self.varint())

    def end(self):
        if self.at != len(self.data):
            raise ValueError("bytes are left over")


def inflate(frame):
    return zstandard.ZstdDecompressor().decompress(frame)


def groups(data, n):
    r, out, before, step = Reader(data), [], 0, 0
    while len(out) < n:
        size = min(128, n - len(out))
        mode, k = r.u8(), r.u8()
        base = unzigzag(r.varint()) if mode in (0, 4) else 0
        bits, used = int.from_bytes(r.data[r.at:], "little"), 0
        for _ in range(size):
            if mode < 3:
                width, quotient = k, 0
            else:
                rest = bits >> used
                quotient = (rest & -rest).bit_length() - 1
                used += quotient + 1
                width = k
            code = quotient << k | (bits >> used) & ((1 << width) - 1)
            used += width
            if mode in (0, 4):
                v = base + code
            elif mode in (1, 5):
                v = before + unzigzag(code)
            elif mode in (2, 6):
                v = before + step + unzigzag(code)
            else:
                raise ValueError(f"group of mode {mode}")
            step, before = (v - before) & MASK, v & MASK
            out.append(signed(v))
        r.raw((used + 7) // 8)
    r.end()
    return out


def integers(r):
    n, method, data = r.varint(), r.u8(), r.block()
    if method == 3:
        line = Reader(data)
        first, step = unzigzag(line.varint()), unzigzag(line.varint())
        return [signed(first + i * step) for i in range(n)]
    if method == 1:
        data = inflate(data)
    elif method != 0:
        raise ValueError(f"integer list of method {method}")
    return groups(data, n)


def plane(r, n):
    kind = r.u8()
    if kind == 0:
        first = r.raw(1)
        return first + r.raw(1) * (n - 1)
    return r.raw(n) if kind == 1 else inflate(r.block())


def doubles(r):
    n, method, data = r.varint(), r.u8(), r.block()
    if method == 0:
        return list(struct.unpack(f"<{n}d", data))
    if method == 2:
        planes = inflate(data)
    elif method == 4:
        each = Reader(data)
        planes = b"".join(plane(each, n) for _ in range(8))
    else:
        raise ValueError(f"double list of method {method}")
    out, before = [], 0
    for i in range(n):
        for k in range(8):
            before ^= planes[k * n + i] << (8 * k)
        out.append(before)
    return list(struct.unpack(f"<{n}d", struct.pack(f"<{n}Q", *out)))


def head(data, format):
    """Blocks as [ord, at, sequence, previous, received, first, covered, dropped, rows]; ticks, times; row lists."""
    r = Reader(data)
    marked = format > 2 and data[0] == 0
    bits = (r.u8(), r.u8())[1] if marked else 0
    lists = [integers(r) for _ in range(11)]
    blocks, ticks, times = [list(b) for b in zip(*lists[:9])], lists[9], lists[10]
    shared = [integers(r) for _ in range(r.varint())] if format > 1 else []
    r.end()
    row = expected = 0
    for b in blocks if format > 1 else []:
        first = times[row] if b[8] else 0
        b[1] = (first // GRID + b[1]) * GRID if bits & 1 and b[1] else signed(b[1] + first)
        b[2] = signed(b[2] + (b[0] if bits & 4 else 0))
        b[3] = signed(b[2] - b[3])
        b[4] = (b[1] // GRID + b[4]) * GRID if bits & 2 else signed(b[4] + b[1])
        b[5] = signed(b[5] + expected)
        row, expected = row + b[8], b[5] + b[6]
    return blocks, ticks, times, shared


def column(data, is_double, shared):
    """(rows or None, values)"""
    r = Reader(data)
    kind = r.u8()
    rows = None if kind == 0 else integers(r) if kind == 1 else shared[r.varint()]
    values = doubles(r) if is_double else integers(r)
    r.end()
    return rows, values


def tail(data, format):
    """Chunks: (ring, head, {(index, is_double): column})"""
    r, out = Reader(data), []
    for _ in range(r.varint()):
        ring, top, columns = r.varint(), head(r.block(), format), {}
        for _ in range(r.varint()):
            index, is_double = r.varint(), r.u8()
            columns[index, is_double] = column(r.block(), is_double, top[3])
        out.append((ring, top, columns))
    r.end()
    return out


def bounds(r):
    return list(zip(*[integers(r) for _ in range(4)]))


def summaries(r, sizes, is_double):
    """[(count, min, max, last, mean)]"""
    counts = integers(r) if r.u8() == 1 else sizes
    if is_double:
        low, high, last, mean = (doubles(r) for _ in range(4))
        return list(zip(counts, low, high, last, mean))
    low, high, last = (integers(r) for _ in range(3))
    high = [signed(a + b) for a, b in zip(low, high)]
    last = [signed(a + b) for a, b in zip(low, last)]
    if r.u8() == 1:
        mean = doubles(r)
    else:
        mean = [float(a) + float(s) / c if c else 0 for a, s, c in zip(low, integers(r), counts)]
    return list(zip(counts, low, high, last, mean))


def pyramid(data, n, is_double):
    """(bounds or None, summaries of each 256 values)"""
    r = Reader(data)
    own = bounds(r) if r.u8() == 1 else None
    sizes = [min(256, n - at) for at in range(0, n, 256)]
    out = own, summaries(r, sizes, is_double)
    r.end()
    return out


def row_hash(row):
    h = xxhash.xxh3_64(seed=0)
    for cell in row:
        if cell is None:
            h.update(b"\0")
        elif isinstance(cell, int):
            h.update(b"\1" + struct.pack("<q", cell))
        elif isinstance(cell, float):
            h.update(b"\2" + struct.pack("<d", cell))
        elif isinstance(cell, str):
            data = cell.encode()
            h.update(b"\3" + struct.pack("<Q", len(data)) + data)
        else:
            h.update(b"\4" + struct.pack("<Q", len(cell)) + cell)
    return signed(h.intdigest())


class Recording:
    TABLES = {
        1: "meta agents processes declarations series chunks columns tails frames events",
        2: "meta agents processes declarations series chunks columns summaries totals tails frames events",
        3: "meta agents processes declarations series chunks columns summaries totals tails frames events",
    }

    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        self.db.row_factory = sqlite3.Row
        if self.value("PRAGMA application_id") != 0x51445243:
            raise ValueError("not a recording")
        self.format = self.value("PRAGMA user_version")

    def value(self, sql, *args):
        return self.db.execute(sql, args).fetchone()[0]

    def rows(self, sql, *args):
        return self.db.execute(sql, args)

    def check(self):
        """Rows read; raises where a checksum does not match or a row is missing."""
        n = 0
        for table in self.TABLES[self.format].split():
            here = 0
            for row in self.rows(f"SELECT * FROM {table}"):
                if row_hash(tuple(row)[:-1]) != row["hash"]:
                    raise ValueError(f"{table} {row['id']}")
                here += 1
            wanted = self.rows("SELECT value FROM meta WHERE key = ?", f"rows.{table}").fetchone()
            if wanted is not None and wanted[0] != here:
                raise ValueError(f"{table}: {here} of {wanted[0]} rows")
            n += here
        return n

    def samples(self):
        """(process id, series row, tick, time, value) of every sample, in the order of the file."""
        process = {r["id"]: r["process"] for r in self.rows("SELECT * FROM processes")}
        series = {(r["process"], r["idx"]): r for r in self.rows("SELECT * FROM series")}

        def give(owner, top, columns):
            _, ticks, times, _ = top
            for (index, _), (rows, values) in columns.items():
                for i, value in enumerate(values):
                    row = i if rows is None else rows[i]
                    yield process[owner], series[owner, index], ticks[row], times[row], value

        for chunk in self.rows("SELECT * FROM chunks"):
            top = head(chunk["body"], self.format)
            columns = {(c["idx"], c["is_double"]): column(c["body"], c["is_double"], top[3])
                       for c in self.columns_of(chunk)}
            yield from give(chunk["process"], top, columns)
        for second in self.rows("SELECT * FROM tails"):
            for _, top, columns in tail(second["body"], self.format):
                yield from give(second["process"], top, columns)

    def columns_of(self, chunk):
        if self.format == 1:
            return self.rows("SELECT * FROM columns WHERE chunk = ?", chunk["id"])
        first = chunk["first_column"]
        return self.rows("SELECT * FROM columns WHERE id >= ? AND id < ?", first, first + chunk["columns"])
