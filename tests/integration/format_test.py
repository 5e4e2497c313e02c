# SPDX-License-Identifier: Apache-2.0
"""A recording read by a stranger who has nothing but FORMAT.md (qdrec.py) against what qdctl exports, bit for bit."""
import csv
import json
import math
import os
import struct
import tempfile
import unittest

import harness
import qdrec

GOLDEN = os.path.join(harness.SOURCE, "tests", "golden")


def bits(text):
    """The bits of a double as qdctl writes it: nan, and nan(0xMANTISSA) for the other NaNs."""
    plain = text.lstrip("-")
    if not plain.startswith("nan"):
        return struct.unpack("<Q", struct.pack("<d", float(text)))[0]
    mantissa = 1 << 51 if plain == "nan" else int(plain[6:-1], 16)
    return (1 << 63 if text.startswith("-") else 0) | 0x7FF << 52 | mantissa


def decimal(raw, scale):
    """raw · 10^-scale as a number without rounding: (digits, scale) in lowest terms."""
    while scale > 0 and raw % 10 == 0:
        raw, scale = raw // 10, scale - 1
    return raw, scale


def parsed(text):
    whole, _, fraction = text.partition(".")
    return decimal(int(whole + fraction), len(fraction))


def label(series):
    dimensions = json.loads(series["dimensions"])
    return series["name"] + ("{" + ",".join(f"{k}={v}" for k, v in dimensions) + "}" if dimensions else "")


def by_stranger(path):
    file = qdrec.Recording(path)
    checked = file.check()
    out = []
    for process, series, tick, time, value in file.samples():
        exact = ("d", struct.unpack("<Q", struct.pack("<d", value))[0]) if isinstance(value, float) else (
            "i", *decimal(value, series["scale"]))
        out.append((process, label(series), tick, time, exact))
    return checked, sorted(out)


def by_qdctl(rows, doubles):
    out = []
    for process, series, tick, time, value in rows:
        exact = ("d", bits(value)) if (process, series) in doubles else ("i", *parsed(value))
        out.append((process, series, int(tick), int(time), exact))
    return sorted(out)


def read_csv(lines):
    rows = csv.reader(lines)
    assert next(rows) == ["process", "series", "tick", "time_ns", "value"]
    return list(rows)


def doubles_of(path):
    file = qdrec.Recording(path)
    return {(r["process"], label(r)) for r in file.rows(
        "SELECT p.process, s.name, s.dimensions FROM series s JOIN processes p ON p.id = s.process "
        "WHERE s.integer = 0")}


class FormatTest(unittest.TestCase):
    def compare(self, path, exported):
        checked, mine = by_stranger(path)
        self.assertGreater(checked, 10)
        theirs = by_qdctl(exported, doubles_of(path))
        self.assertGreater(len(mine), 100)
        self.assertEqual(len(mine), len(theirs))
        for a, b in zip(mine, theirs):
            self.assertEqual(a, b)

    def test_a_file_of_format_1_as_it_was_exported_then(self):
        with open(os.path.join(GOLDEN, "format1.csv"), encoding="utf-8") as then:
            self.compare(os.path.join(GOLDEN, "format1.qdrec"), read_csv(then))

    def test_a_file_of_format_3_as_it_was_exported_then(self):
        path = os.path.join(GOLDEN, "format3.qdrec")
        with open(os.path.join(GOLDEN, "format3.csv"), encoding="utf-8") as then:
            self.compare(path, read_csv(then))
        self.places(path, 3)

    def places(self, path, format):
        """Where the blocks of each chunk stand, against what the chunk says of them."""
        file = qdrec.Recording(path)
        self.assertEqual(file.format, format)
        ticked = 0
        for chunk in file.rows("SELECT * FROM chunks"):
            blocks, ticks, times, _ = qdrec.head(chunk["body"], format)
            ords, ats = [b[0] for b in blocks], [b[1] for b in blocks]
            self.assertEqual((min(ords), max(ords)), (chunk["ord"], chunk["ord_max"]))
            self.assertEqual((min(ats), max(ats)), (chunk["at"], chunk["at_max"]))
            self.assertEqual((len(blocks), sum(b[8] for b in blocks)), (chunk["blocks"], chunk["rows"]))
            self.assertEqual((min(times), max(times), min(ticks), max(ticks)),
                             tuple(chunk[k] for k in ("time_min", "time_max", "tick_min", "tick_max")))
            for (_, at, sequence, previous, received, *_), time in zip(blocks, self.firsts(blocks, times)):
                self.assertTrue(at == time or at > time and at % qdrec.GRID == 0)
                self.assertLess(previous, max(sequence, 1))
                # Logged after it was sampled, and soon; the clock of a host is one and the same.
                self.assertLess(time - qdrec.GRID, received)
                self.assertLess(received, time + 60_000_000_000)
                ticked += at == time
        self.assertGreater(ticked, 10)

    @staticmethod
    def firsts(blocks, times):
        row = 0
        for block in blocks:
            yield times[row]
            row += block[8]

    def test_a_live_recording(self):
        with tempfile.TemporaryDirectory() as folder, harness.Stage("--servers", "1", "--bots", "4") as stage:
            path = os.path.join(folder, "run.qdrec")
            self.assertEqual(harness.qdctl("--agent", stage.agent, "record", "--out", path, "--for", "3s")[0], 0)
            self.assertEqual(os.listdir(folder), ["run.qdrec"])
            code, exported, error = harness.qdctl("export", path, "--format", "csv", "--series", "*")
            self.assertEqual(code, 0, error)
            self.compare(path, read_csv(exported.splitlines()))
            self.places(path, 3)
            self.summaries(path)

    # What a game sampled, through probe, agent, gRPC, console and file: NaN payloads, infinities, denormals, -0, limits.
    BITS = [0x0, 0x8000000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0x7FF8000000000001,
            0xFFF0DEAD0000BEEF, 0x7FF0000000000001, 0x1, 0x8000000000000001, 0x000FFFFFFFFFFFFF, 0x0010000000000000,
            0x7FEFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0x3FB999999999999A, 0x4340000000000001]

    def test_sent_recorded_and_exported_are_the_same_bits(self):
        with tempfile.TemporaryDirectory() as folder, harness.Agent(folder) as agent:
            hexadecimal = [f"{b:x}" for b in self.BITS]
            game = agent.game("--series", "0", "--bits", *hexadecimal)
            self.addCleanup(game.wait)
            self.addCleanup(game.kill)
            path = os.path.join(folder, "bits.qdrec")
            self.assertEqual(harness.qdctl("--agent", agent.agent, "record", "--out", path, "--for", "3s")[0], 0)
            code, exported, error = harness.qdctl("export", path, "--format", "csv", "--series", "*")
            self.assertEqual(code, 0, error)
            self.compare(path, read_csv(exported.splitlines()))
            seen = {"bits.f64": set(), "bits.i64": set()}
            for _, series, tick, _, value in qdrec.Recording(path).samples():
                if series["name"] not in seen:
                    continue
                sent = self.BITS[tick % len(self.BITS)]
                got = struct.unpack("<Q", struct.pack("<d" if isinstance(value, float) else "<q", value))[0]
                self.assertEqual(f"{got:x}", f"{sent:x}", series["name"])
                seen[series["name"]].add(got)
            for name, values in seen.items():
                self.assertEqual(values, set(self.BITS), name)

    def summaries(self, path):
        """Stored min, max, mean, last and pyramid against the values."""
        file, seen = qdrec.Recording(path), 0
        for chunk in file.rows("SELECT * FROM chunks"):
            shared = qdrec.head(chunk["body"], file.format)[3]
            for c in file.columns_of(chunk):
                _, values = qdrec.column(c["body"], c["is_double"], shared)
                pieces = [values]
                told = [(c["count"], c["min"], c["max"], c["last"], c["mean"])]
                if c["pyramid"] is not None:
                    pieces += [values[at:at + 256] for at in range(0, len(values), 256)]
                    told += qdrec.pyramid(c["pyramid"], c["n"], c["is_double"])[1]
                for piece, (count, low, high, last, mean) in zip(pieces, told, strict=True):
                    finite = [v for v in piece if math.isfinite(v)]
                    self.assertEqual(count, len(finite))
                    if finite:
                        self.assertEqual((low, high, last), (min(finite), max(finite), finite[-1]))
                        self.assertAlmostEqual(mean, math.fsum(finite) / count,
                                               delta=1e-9 * (1 + abs(low) + abs(high)))
                    seen += 1
        self.assertGreater(seen, 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
