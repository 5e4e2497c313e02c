# SPDX-License-Identifier: Apache-2.0
"""Files with real processes: two consoles record one stage, a third collects its flight recorder; merge is the union."""
import csv
import io
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import BIN, Stage, qdctl, qdctl_json


def samples(path, *series):
    globs = [word for s in series for word in ("--series", s)]
    code, out, err = qdctl("export", path, "--format", "csv", *globs)
    assert code == 0, err
    rows = [tuple(r.values()) for r in csv.DictReader(io.StringIO(out))]
    assert rows, series
    return rows


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = Stage("--servers", "2", "--bots", "8", "--agents", "2", "--for", "120s").__enter__()
        cls.folder = Path(tempfile.mkdtemp(prefix="qd-files-"))
        cls.agents = [word for a in cls.stage.ready["agents"] for word in ("--agent", a if isinstance(a, str) else a["listen"])]
        recorders = []
        for name, seconds in (("a", 6), ("b", 6)):
            recorders.append(subprocess.Popen([str(BIN / "qdctl"), *cls.agents, "record", "--out",
                                               str(cls.folder / f"{name}.qdrec"), "--for", f"{seconds}s"]))
            time.sleep(3)  # so that the second one sees what the first one does not, and the other way round
        assert all(r.wait(60) == 0 for r in recorders)
        cls.begun = time.monotonic()

    @classmethod
    def tearDownClass(cls):
        cls.stage.__exit__()

    def test_merge_is_the_union_of_both_consoles(self):
        merged = self.folder / "merged.qdrec"
        report = qdctl_json("merge", self.folder / "a.qdrec", self.folder / "b.qdrec", "--out", merged)
        self.assertGreater(report["duplicates"], 0)
        self.assertTrue(qdctl_json("verify", merged)["ok"])
        for series in ("tick.duration", "net.rtt", "frame.duration", "npc.count"):
            a, b = (set(samples(self.folder / f"{n}.qdrec", series)) for n in "ab")
            both = samples(merged, series)
            self.assertEqual(len(both), len(set(both)), f"{series}: nothing twice")
            self.assertEqual(set(both), a | b, series)
            self.assertTrue(a - b and b - a and a & b, f"{series}: the recordings overlap in part")

    def test_collect_reads_every_flight_recorder_and_names_what_is_missing(self):
        path = self.folder / "collected.qdrec"
        report = qdctl_json(*self.agents, "collect", "--out", path, "--last", "30m")
        self.assertEqual([m for m in report["missing"] if m["failure"]], [])
        self.assertEqual(len(report["agents"]), 2)
        for series in ("tick.duration", "frame.duration"):
            self.assertEqual(set(samples(self.folder / "a.qdrec", series)) - set(samples(path, series)), set(), series)
        self.assertTrue(qdctl_json("verify", path)["ok"])

    def test_collect_says_which_agent_it_could_not_read(self):
        path = self.folder / "half.qdrec"
        code, out, err = qdctl(*self.agents[:2], "--agent", "127.0.0.1:1", "collect", "--out", path, "--last", "10s")
        self.assertEqual(code, 1)
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertIn("127.0.0.1:1", out + err)
        self.assertTrue(samples(path, "tick.duration"))

    def test_redacted_has_the_samples_and_no_endpoint(self):
        path = self.folder / "redacted.qdrec"
        report = qdctl_json("redact", self.folder / "a.qdrec", "--out", path)
        self.assertEqual(report["left"], 0)
        self.assertEqual(samples(path, "tick.*"), samples(self.folder / "a.qdrec", "tick.*"))
        raw = path.read_bytes()
        for agent in self.agents[1::2]:
            self.assertNotIn(agent.encode(), raw)


if __name__ == "__main__":
    unittest.main(verbosity=2)
