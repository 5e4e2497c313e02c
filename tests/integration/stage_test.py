# SPDX-License-Identifier: Apache-2.0
"""The whole path with real processes: a live stage, watched, steered, recorded and replayed through qdctl."""
import csv
import io
import json
import math
import os
import signal
import statistics
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import BIN, Stage, alive, children_of, eventually, qdctl, qdctl_json

SERVER_METRICS = {
    "tick.duration", "tick.start_jitter", "tick.overruns", "tick.rate", "players.online", "npc.count", "net.rtt",
    "net.rtt_dev", "net.jitter", "net.loss", "net.snapshot_bytes", "net.bandwidth", "lagcomp.rewind_time",
    "lagcomp.rewind_distance", "lagcomp.rewind_error", "hit.agreement", "input.queue_depth", "input.late",
    "input.missing", "input.rejected", "host.cpu",
}
EDITOR_METRICS = {
    "frame.duration", "frame.hitches", "net.rtt", "net.jitter", "net.loss", "interp.view_age", "interp.buffer_depth",
    "interp.extrapolated", "interp.held", "interp.starved", "interp.time_scale", "predict.error",
    "predict.corrections", "input.latency", "net.state",
}
PARAMETERS = {
    "weather.intensity", "weather.kind", "npc.density", "net.latency", "net.jitter", "net.loss", "server.tick_hz",
    "server.snapshot_hz", "lagcomp.enabled", "lagcomp.max_rewind",
}


def rows(path, series, process):
    code, out, err = qdctl("export", path, "--format", "csv", "--series", series)
    assert code == 0, err
    return [(int(r["tick"]), int(r["time_ns"]), float(r["value"])) for r in csv.DictReader(io.StringIO(out))
            if r["process"] == process and r["series"] == series]


class WholePath(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = Stage("--servers", "2", "--bots", "40", "--for", "120s").__enter__()
        cls.folder = tempfile.mkdtemp(prefix="qd-stage-")

    @classmethod
    def tearDownClass(cls):
        cls.stage.__exit__()

    def ctl(self, *args, **kw):
        return qdctl("--agent", self.stage.agent, *args, **kw)

    def ctl_json(self, *args, expect=0):
        return qdctl_json("--agent", self.stage.agent, *args, expect=expect)

    def path(self, name):
        return Path(self.folder) / name

    def record(self, name, seconds):
        path = self.path(name)
        code, _, err = self.ctl("record", "--out", path, "--for", f"{seconds}s")
        self.assertEqual(code, 0, err)
        return path

    def parameter(self, process, name):
        for p in self.ctl_json("describe")["agents"][0]["processes"]:
            if p["id"] == process:
                return next(v for v in p["parameters"] if v["name"] == name)
        self.fail(f"no process {process}")

    def test_describe_lists_processes_metrics_and_parameters(self):
        (agent,) = self.ctl_json("describe")["agents"]
        by_id = {p["id"]: p for p in agent["processes"]}
        self.assertEqual(set(by_id), {"server-1", "server-2", "editor-1"})
        names = {i: {s["name"] for s in p["series"]} for i, p in by_id.items()}
        self.assertEqual(SERVER_METRICS - names["server-1"], set())
        self.assertEqual(EDITOR_METRICS - names["editor-1"], set())
        self.assertEqual(PARAMETERS - {p["name"] for p in by_id["server-1"]["parameters"]}, set())
        self.assertIn("interp.delay", {p["name"] for p in by_id["editor-1"]["parameters"]})
        self.assertEqual({"tick.begin", "combat.hit_resolved", "npc.spawned"} - {s["name"] for s in by_id["server-1"]["sites"]}, set())
        self.assertEqual({"frame.rendered", "combat.hit_predicted"} - {s["name"] for s in by_id["editor-1"]["sites"]}, set())
        self.assertLess(abs(agent["clock"]["offset_ms"]), 5)

    def test_a_recording_is_complete(self):
        path = self.record("ten.qdrec", 10)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(f for f in os.listdir(self.folder) if f.endswith(".qdrec")),
                         "a closed recording is one file")
        self.assertTrue(qdctl_json("verify", path)["ok"])
        info = qdctl_json("info", path)
        self.assertTrue(info["complete"])
        self.assertEqual(info["gaps"], 0)
        self.assertLess(abs(info["duration_s"] - 10), 1.5)
        for server in ("server-1", "server-2"):
            ticks = [t for t, _, _ in rows(path, "tick.duration", server)]
            self.assertGreater(len(ticks), 500)
            self.assertEqual(ticks, list(range(ticks[0], ticks[0] + len(ticks))), "one sample for each tick")
        stats = qdctl_json("stats", path, "--series", "tick.rate")["series"]
        for row in stats:
            self.assertLess(abs(row["mean"] - 60), 1, row)

    def test_interpolation_error_is_joined_and_recorded(self):
        path = self.record("interp.qdrec", 4)
        values = [v for _, _, v in rows(path, "interp.error", "editor-1")]
        known = [v for v in values if not math.isnan(v)]  # NaN: the server's side of that frame is not known
        self.assertGreater(len(known), 60)
        self.assertGreater(len(known), 0.8 * len(values))
        self.assertTrue(all(0 <= v < 5 for v in known), max(known))
        self.assertGreater(max(known), 0)

    def test_a_push_is_applied_and_shows(self):
        before = self.parameter("server-1", "npc.density")["value"]
        counts = lambda p: [v for _, _, v in rows(p, "npc.count", "server-1")]
        quiet = self.record("before.qdrec", 2)
        answer = self.ctl_json("params", "set", "npc.density=3", "--process", "server-1")
        (result,) = answer["results"]
        self.assertEqual(result["status"], "applied")
        self.assertGreater(result["tick"], 0)
        self.assertEqual(result["parameters"][0]["name"], "npc.density")
        busy = self.record("after.qdrec", 4)
        self.assertGreater(counts(busy)[-1], 2 * counts(quiet)[-1])
        # Medians: on a busy machine a few ticks that waited for a core make the mean.
        median = lambda p, s: statistics.median(x for _, _, x in rows(p, s, "server-1"))
        self.assertGreater(median(busy, "tick.duration"), median(quiet, "tick.duration"))
        self.assertGreater(median(busy, "net.bandwidth"), median(quiet, "net.bandwidth"))
        self.ctl_json("params", "set", f"npc.density={before}", "--process", "server-1")

    def test_what_is_wrong_is_rejected_with_a_reason(self):
        before = self.parameter("server-2", "weather.intensity")
        for words in (["weather.intensity=7"], ["no.such.thing=1"], ["weather.intensity=0.9", "weather.kind=lava"],
                      ["weather.intensity=0.9", "--expect", f"weather.intensity={before['version'] + 5}"],
                      ["weather.intensity=nan"]):
            code, out, err = self.ctl("--json", "params", "set", *words, "--process", "server-2")
            self.assertEqual(code, 1, words)
            if out.strip():
                (result,) = json.loads(out)["results"]
                self.assertEqual(result["status"], "rejected", words)
                self.assertTrue(any(p["reason"] for p in result["parameters"]), result)
            else:
                self.assertEqual(len(err.strip().splitlines()), 1, err)
        after = self.parameter("server-2", "weather.intensity")
        self.assertEqual((after["value"], after["version"]), (before["value"], before["version"]))

    def test_replay_equals_the_recording_sample_for_sample(self):
        path = self.record("original.qdrec", 4)
        again = self.path("again.qdrec")
        replay = subprocess.Popen([str(BIN / "qdctl"), "--json", "replay", str(path), "--listen", "127.0.0.1:0", "--speed", "8"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            address = json.loads(replay.stdout.readline())["listen"]
            described = qdctl_json("--agent", address, "describe")
            self.assertEqual({p["id"] for p in described["agents"][0]["processes"]}, {"server-1", "server-2", "editor-1"})
            code, _, err = qdctl("--agent", address, "record", "--out", again, "--for", "3s", "--backfill", "1h")
            self.assertEqual(code, 0, err)
        finally:
            replay.terminate()
            replay.wait(10)
            replay.stdout.close()
        export = lambda p, s: sorted(qdctl("export", p, "--format", "csv", "--series", s)[1].splitlines())
        for series in ("tick.duration", "net.rtt", "frame.duration", "interp.error", "npc.count"):
            self.assertEqual(export(again, series), export(path, series), series)


class Lifecycle(unittest.TestCase):
    def test_a_killed_server_ends_alone_and_loses_nothing(self):
        with Stage("--servers", "2", "--bots", "4", "--for", "60s") as stage:
            pid = {p["id"]: p["pid"] for p in stage.ready["processes"]}
            folder = Path(tempfile.mkdtemp(prefix="qd-kill-"))
            recorder = subprocess.Popen([str(BIN / "qdctl"), "--agent", stage.agent, "record", "--out", str(folder / "k.qdrec"), "--for", "6s"])
            def state(process):
                found = [p for p in qdctl_json("--agent", stage.agent, "describe")["agents"][0]["processes"] if p["id"] == process]
                return found[0]["state"] if found else "gone"
            eventually(lambda: (folder / "k.qdrec").exists(), 5)
            killed = time.time_ns()
            os.kill(pid["server-2"], signal.SIGKILL)
            eventually(lambda: state("server-2") == "gone", 5)
            self.assertEqual(state("server-1"), "running")
            self.assertEqual(recorder.wait(30), 0)
            times = [t for _, t, _ in rows(folder / "k.qdrec", "tick.duration", "server-2")]
            if times:
                self.assertLess((killed - times[-1]) / 1e6, 100, "the last samples before the kill are kept")
            ticks = [t for t, _, _ in rows(folder / "k.qdrec", "tick.duration", "server-1")]
            self.assertEqual(ticks, list(range(ticks[0], ticks[0] + len(ticks))))

    def test_no_child_is_left_behind(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            stage = Stage("--servers", "2", "--bots", "4", "--for", "60s")
            stage.__enter__()
            children = children_of(stage.process.pid)
            self.assertGreaterEqual(len(children), 6)
            stage.process.send_signal(how)
            stage.process.wait(10)
            stage.process.stdout.close()
            eventually(lambda: not [c for c in children if alive(c)], 5)

    def test_wrong_usage_says_so(self):
        for program, words in (("quarterdeck-stage", ["--servers", "none"]), ("quarterdeck-stage", ["--impair", "soon"]),
                               ("quarterdeckd", ["--listen"]), ("qdctl", ["no-such-verb"]), ("qdctl", ["record"])):
            done = subprocess.run([str(BIN / program), *words], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2, (program, words, done.stderr))
            self.assertTrue(done.stderr.strip(), (program, words))

    def test_plaintext_stays_on_loopback(self):
        done = subprocess.run([str(BIN / "quarterdeckd"), "--listen", "0.0.0.0:0", "--socket", "/tmp/qd-none.sock"],
                              capture_output=True, text=True, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--tls-cert", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
