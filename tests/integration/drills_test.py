# SPDX-License-Identifier: Apache-2.0
"""The drills of docs/drills.md against a real stage: the series that the page names move, those it says do not stay, and
in a drill that is scoped to one player only that player's move.

Three of them by default; all ten, and what the page says they looked like, with QD_DRILLS=all (about a minute)."""
import csv
import io
import json
import math
import os
import statistics
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import BIN, Stage, alive, qdctl, qdctl_json

AFTER = 4  # s from the first player to the fault
BOTS = 6
ALL = os.environ.get("QD_DRILLS") == "all"


class Drill:
    """A recording over the beginning of a drill; values before and during the fault."""

    def __init__(self, name, *more, bots=BOTS, seconds=9):
        self.path = path = Path(tempfile.mkdtemp(prefix="qd-drill-")) / f"{name}.qdrec"
        with Stage("--servers", "1", "--bots", str(bots), "--editors", "1", "--impair", "40ms/3ms/0%", "--scenario", name, "--scenario-after",
                   f"{AFTER}s", *more, "--for", "90s") as stage:
            pid = stage.ready["processes"][0]["pid"]
            code, _, err = qdctl("--agent", stage.agent, "record", "--out", path, "--for", f"{seconds}s", "--backfill",
                                 "1m", timeout=90)
            assert code == 0, err
            self.alive = alive(pid)
        self.events = [json.loads(line) for line in qdctl("events", path)[1].splitlines()]
        joined = min(e["time_ns"] for e in self.events if e["name"] == "player.joined")
        # A sample has the time at which its tick began, the event that of its own: a tick or two before.
        self.fault = joined + AFTER * 1_000_000_000 - 50_000_000
        code, out, err = qdctl("export", path, "--format", "csv", timeout=120)
        assert code == 0, err
        self.rows = {}
        for row in csv.DictReader(io.StringIO(out)):
            value = float(row["value"])
            if not math.isnan(value):
                self.rows.setdefault((row["process"], row["series"]), []).append((int(row["time_ns"]), value))

    def before(self, process, series):
        return [v for t, v in self.rows.get((process, series), []) if self.fault - 2_500_000_000 < t < self.fault]

    def during(self, process, series):
        return [v for t, v in self.rows.get((process, series), []) if t >= self.fault]

    def why(self, series, least, process="server-1"):
        """The layer that is named for the moment at which that series went so far."""
        at = next(t for t, v in self.rows[(process, series)] if t >= self.fault and v >= least)
        return qdctl_json("why", self.path, "--at", at + 100_000_000)["first"]

    def median(self, process, series):
        before, during = self.before(process, series), self.during(process, series)
        assert before and during, (process, series, len(before), len(during))
        return statistics.median(before), statistics.median(during)


def late(values):
    """The later half: an average of the past has followed by then."""
    return values[len(values) // 2:]


def needs_all(test):
    return unittest.skipUnless(ALL, "all ten drills run with QD_DRILLS=all")(test)


class Drills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        names = ["slow-tick", "crash"]
        if ALL:
            names += ["latency-step", "jitter-storm", "burst-loss", "blackout", "asymmetry", "cpu-hog", "leak", "kick-wave"]
        with ThreadPoolExecutor(3) as pool:
            scoped = pool.submit(Drill, "latency-step", "--scenario-player", "2")
            started = {name: pool.submit(Drill, name, bots=14 if name == "asymmetry" else BOTS) for name in names}
            cls.drills = {name: drill.result() for name, drill in started.items()}
            cls.scoped = scoped.result()

    @needs_all
    def test_latency_step(self):
        d = self.drills["latency-step"]
        before, _ = d.median("server-1", "net.rtt")
        self.assertGreater(max(d.during("server-1", "net.rtt")), before + 120)
        self.assertGreater(max(d.during("editor-1", "interp.view_age")), d.median("editor-1", "interp.view_age")[0] + 50)

    @needs_all
    def test_jitter_storm(self):
        d = self.drills["jitter-storm"]
        before, _ = d.median("editor-1", "net.jitter")
        self.assertGreater(max(late(d.during("editor-1", "net.jitter"))), 2 * before)
        self.assertGreater(max(d.during("editor-1", "interp.delay_ticks")), d.median("editor-1", "interp.delay_ticks")[0])

    @needs_all
    def test_burst_loss(self):
        d = self.drills["burst-loss"]
        self.assertGreaterEqual(max(d.during("editor-1", "net.loss_burst")), 4)
        self.assertEqual(d.why("net.snapshot_interval", 200, "editor-1"), "snapshot_arrival")
        self.assertGreater(max(d.during("editor-1", "net.loss")), 2 * max(0.01, d.median("editor-1", "net.loss")[0]))

    @needs_all
    def test_blackout(self):
        d = self.drills["blackout"]
        self.assertIn(3, d.during("editor-1", "net.state"))
        self.assertGreater(max(d.during("editor-1", "interp.held")), 0.2)
        self.assertGreater(max(d.during("server-1", "input.missing")), 50)
        self.assertEqual(d.why("net.snapshot_interval", 1000, "editor-1"), "snapshot_arrival")

    @needs_all
    def test_asymmetry(self):
        d = self.drills["asymmetry"]
        before, during = d.median("server-1", "net.rtt")
        self.assertLess(abs(during - before), 0.5 * before, "the round trip tells nothing")
        self.assertLess(statistics.median(d.before("server-1", "lagcomp.rewind_error")), 0.01)
        self.assertGreater(max(d.during("server-1", "lagcomp.rewind_error")), 0.08)

    @needs_all
    def test_cpu_hog(self):
        d = self.drills["cpu-hog"]
        before, _ = d.median("server-1", "tick.duration")
        slow = [v for v in d.during("server-1", "tick.duration") if v >= 13.9]
        self.assertGreater(len(slow), 100)
        self.assertLess(before, 13)
        self.assertGreater(max(d.during("server-1", "process.cpu")), 50)

    def test_slow_tick(self):
        d = self.drills["slow-tick"]
        self.assertGreaterEqual(len([v for v in d.during("server-1", "tick.duration") if v >= 399]), 1)
        self.assertGreater(max(d.during("server-1", "tick.skipped")), 10)
        self.assertLess(d.median("server-1", "tick.duration")[1], 13, "one tick, not all of them")
        self.assertEqual(d.why("tick.duration", 399), "server_tick")

    @needs_all
    def test_leak(self):
        d = self.drills["leak"]
        self.assertGreater(max(d.during("server-1", "process.memory")), max(d.before("server-1", "process.memory")) + 30)

    def test_crash(self):
        d = self.drills["crash"]
        self.assertFalse(d.alive)
        self.assertLess(max(t for t, _ in d.rows[("server-1", "tick.duration")]), d.fault + 1_000_000_000)
        self.assertIn(3, d.during("editor-1", "net.state"))

    @needs_all
    def test_kick_wave(self):
        d = self.drills["kick-wave"]
        gone = [e for e in d.events if e["name"] == "player.left" and "anti-cheat" in e["fields"]["reason"]]
        self.assertGreaterEqual(len(gone), BOTS // 2)
        self.assertLessEqual(min(d.during("server-1", "players.online")), max(d.before("server-1", "players.online")) - BOTS // 2)

    def test_a_fault_scoped_to_one_player_is_nobody_elses(self):
        d = self.scoped
        rtt = lambda client: d.median("server-1", f"net.rtt{{client={client}}}")
        before, _ = rtt(2)
        self.assertGreater(max(d.during("server-1", "net.rtt{client=2}")), before + 120)
        for client in (3, 4, 5):
            before, during = rtt(client)
            self.assertLess(abs(during - before), 60, client)


class Usage(unittest.TestCase):
    def test_a_wrong_scenario_says_which_there_are(self):
        for words in (["--scenario", "meteor"], ["--scenario", "crash", "--scenario-player", "2"]):
            done = subprocess.run([str(BIN / "quarterdeck-stage"), *words], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
