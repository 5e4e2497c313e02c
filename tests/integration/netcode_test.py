# SPDX-License-Identifier: Apache-2.0
"""An outside program computes the joined metrics again, from nothing but what qdctl exports, and gets the console's
figures: interp.error and lagcomp.rewind_error of a real stage under a real (impaired) network.

The formulas stand here a second time on purpose: they follow the definitions of the docs, not the product's code.
"""
import csv
import io
import json
import math
import tempfile
import unittest
from pathlib import Path

from harness import Stage, qdctl

HZ = 60
PREDICTED, TELEPORTED = 128, 256
REMOTE = 16 | 32 | 64
FIXED = 65536
UM = 1e-6


def lines(*args):
    code, out, err = qdctl(*args, timeout=120)
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def samples(path, series, process):
    code, out, err = qdctl("export", path, "--format", "csv", "--series", series, timeout=120)
    assert code == 0, err
    return [(int(r["tick"]), int(r["time_ns"]), float(r["value"])) for r in csv.DictReader(io.StringIO(out))
            if r["process"] == process and r["series"] == series]


def cubic(p0, v0, p1, v1, s, seconds):
    s2, s3 = s * s, s * s * s
    return ((2 * s3 - 3 * s2 + 1) * p0 + (s3 - 2 * s2 + s) * seconds * v0 + (3 * s2 - 2 * s3) * p1
            + (s3 - s2) * seconds * v1)


class Truth:
    """The server's own poses by tick and entity: (x, y, vx, vy) in m and m/s."""

    def __init__(self, frames):
        self.ticks = {}
        self.teleports = {}
        for f in frames:
            self.ticks[f["tick"]] = {i: (x * UM, y * UM, vx * UM, vy * UM, flags) for i, x, y, vx, vy, flags in zip(
                f["id"], f["x_um"], f["y_um"], f["vx_um_s"], f["vy_um_s"], f["flags"])}
            for i, flags in zip(f["id"], f["flags"]):
                if flags & TELEPORTED:
                    self.teleports.setdefault(i, []).append(f["tick"])

    def near_teleport(self, entity, tick, ahead):
        """Within 8 ticks of a teleport; of those to come, the ones that were known `ahead` ticks before."""
        return any(-8 <= t - tick <= min(8, ahead) for t in self.teleports.get(entity, []))

    def at(self, entity, fixed):
        tick, share = divmod(fixed, FIXED)
        a, b = self.ticks.get(tick), self.ticks.get(tick + 1)
        if a is None or entity not in a:
            return None
        if share == 0:
            return a[entity][:2]
        if b is None or entity not in b:
            return None
        p, q, s = a[entity], b[entity], share / FIXED
        return tuple(cubic(p[k], p[k + 2], q[k], q[k + 2], s, 1 / HZ) for k in (0, 1))

    def rewound(self, entity, a, b, alpha):
        """As a shot is judged: between the two states that the client had, by the line, or the cubic when further
        apart than 1/30 s."""
        p, q = self.ticks[a][entity], self.ticks[b][entity]
        s = alpha / FIXED
        if a == b:
            return p[:2]
        if (b - a) * 30 > HZ and s <= 1:
            return tuple(cubic(p[k], p[k + 2], q[k], q[k + 2], s, (b - a) / HZ) for k in (0, 1))
        return tuple(p[k] + (q[k] - p[k]) * s for k in (0, 1))


class OutsideProgram(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(tempfile.mkdtemp(prefix="qd-outside-"))
        with Stage("--servers", "1", "--bots", "16", "--editors", "1", "--for", "90s") as stage:
            for stretch in range(5):  # until one in which the editor's player claimed a hit, which is a matter of chance
                cls.path = folder / f"game-{stretch}.qdrec"
                code, _, err = qdctl("--agent", stage.agent, "record", "--out", cls.path, "--for", "10s", timeout=60)
                assert code == 0, err
                if qdctl("stats", cls.path, "--series", "lagcomp.rewind_error.joined")[0] == 0:
                    break
        frames = lines("poses", cls.path)
        cls.truth = Truth([f for f in frames if f["kind"] == "authoritative"])
        cls.drawn = [f for f in frames if f["kind"] == "rendered"]
        cls.shots = lines("events", cls.path, "--name", "combat.hit")

    def errors(self, frame, ahead=8):
        tick = frame["render_tick_48_16"] / FIXED
        found = []
        for i, x, y, flags in zip(frame["id"], frame["x_um"], frame["y_um"], frame["flags"]):
            if not flags & REMOTE or flags & PREDICTED or self.truth.near_teleport(i, tick, ahead):
                continue
            pose = self.truth.at(i, frame["render_tick_48_16"])
            if pose is not None:
                found.append(math.hypot(x * UM - pose[0], y * UM - pose[1]))
        return found

    def test_interpolation_error(self):
        console = {tick: value for tick, _, value in samples(self.path, "interp.error.max", "editor-1")}
        medians = {tick: value for tick, _, value in samples(self.path, "interp.error.p50", "editor-1")}
        compared = 0
        for frame in self.drawn:
            value = console.get(frame["tick"])
            errors = self.errors(frame)
            if value is None or math.isnan(value) or not errors:
                continue
            # Positions are recorded to 1 µm, velocities to 1 µm/s. How far ahead of the frame the console had heard of
            # the server depends on the streams: a teleport that comes within 8 ticks may or may not have been known.
            worst = [max(self.errors(frame, ahead), default=0) for ahead in range(8, -1, -1)]
            self.assertTrue(any(abs(w - value) <= 5e-6 for w in worst), (frame["tick"], worst, value))
            if abs(worst[0] - value) > 5e-6:
                continue
            self.assertGreaterEqual(medians[frame["tick"]], min(errors) - 5e-6)
            self.assertLessEqual(medians[frame["tick"]], max(errors) + 5e-6)
            compared += 1
        self.assertGreater(compared, 300)
        self.assertGreater(max(v for v in console.values() if not math.isnan(v)), 1e-4, "an error that is never there")

    def test_rewind_error(self):
        console = {}
        for tick, _, value in samples(self.path, "lagcomp.rewind_error", "server-1"):
            console.setdefault(tick, []).append(value)
        compared = 0
        for event in self.shots:
            shot = event["fields"]
            ticks = (shot["used_a"], shot["used_b"])
            if shot["claimed"] == 0 or shot["policy"] or any(
                    t not in self.truth.ticks or shot["claimed"] not in self.truth.ticks[t] for t in ticks):
                continue
            x, y = self.truth.rewound(shot["claimed"], *ticks, shot["used_alpha"])
            error = math.hypot(x - shot["seen_x_m"], y - shot["seen_y_m"])
            self.assertAlmostEqual(error, shot["rewind_error_m"], delta=3e-6, msg=shot)
            self.assertTrue(any(abs(error - v) <= 3e-6 for v in console[event["tick"]]), (error, console[event["tick"]]))
            compared += 1
        self.assertGreater(compared, 10)

    def test_rewind_error_against_what_the_editor_drew(self):
        joined = samples(self.path, "lagcomp.rewind_error.joined", "server-1")
        by_time = {f["render_tick_48_16"]: f for f in self.drawn}
        player = {i for f in self.drawn for i, flags in zip(f["id"], f["flags"]) if flags & PREDICTED}
        mine = []
        for event in self.shots:
            shot = event["fields"]
            seen = shot["seen_a"] * FIXED + shot["seen_alpha"] * (shot["seen_b"] - shot["seen_a"])
            if shot["shooter"] not in player or shot["claimed"] == 0 or seen not in by_time:
                continue
            frame = by_time[seen]
            if shot["claimed"] not in frame["id"]:
                continue
            k = frame["id"].index(shot["claimed"])
            mine.append((event["tick"], math.hypot(shot["rewound_x_m"] - frame["x_um"][k] * UM,
                                                   shot["rewound_y_m"] - frame["y_um"][k] * UM)))
        self.assertGreaterEqual(len(mine), 1, "the editor claimed no hit in five times 10 s")
        console = dict((tick, value) for tick, _, value in joined)
        matched = [(error, console[tick]) for tick, error in mine if tick in console]
        self.assertGreaterEqual(len(matched), max(1, len(mine) - 1))
        for error, value in matched:
            self.assertAlmostEqual(error, value, delta=3e-6)


if __name__ == "__main__":
    unittest.main(verbosity=2)
