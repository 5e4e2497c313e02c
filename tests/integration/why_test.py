# SPDX-License-Identifier: Apache-2.0
"""Why did it stutter: real faults on a live stage, recorded, and what `qdctl why` makes of them.

The faults are long against anything that a busy machine does by itself, so that they are the ones that must be named.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from harness import BIN, Stage, eventually, qdctl, qdctl_json

FAULT_S = 0.7
LAYERS = ["host", "server_tick", "snapshot_arrival", "interpolation_buffer", "client_frame"]


class Why(unittest.TestCase):
    """One recording with one fault after the other, and calm between them."""

    @classmethod
    def setUpClass(cls):
        cls.stage = Stage("--servers", "1", "--bots", "8", "--editors", "1", "--impair", "20ms/1ms/0%", "--for",
                          "180s").__enter__()
        cls.path = Path(tempfile.mkdtemp(prefix="qd-why-")) / "faults.qdrec"
        try:
            cls.inject()
        except BaseException:
            cls.stage.__exit__()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stage.__exit__()

    @classmethod
    def ctl(cls, *args):
        return qdctl_json("--agent", cls.stage.agent, *args)

    @classmethod
    def tick(cls):
        (agent,) = cls.ctl("describe")["agents"]
        return next(p["tick"] for p in agent["processes"] if p["id"] == "server-1")

    @classmethod
    def run_on(cls, ticks=300):
        """Until the server has simulated so many more ticks."""
        goal = cls.tick() + ticks
        eventually(lambda: cls.tick() >= goal, 60)

    @classmethod
    def push(cls, assignment, process):
        (result,) = cls.ctl("params", "set", assignment, "--process", process)["results"]
        assert result["status"] == "applied", result
        return result["tick"]

    @classmethod
    def pid(cls, process):
        return next(p["pid"] for p in cls.stage.ready["processes"] if p["id"] == process)

    @classmethod
    def stop_for(cls, process, seconds):
        """Nobody runs it for that long; the time in its middle."""
        pid = cls.pid(process)
        os.kill(pid, signal.SIGSTOP)
        begun = time.time_ns()
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)
        return (begun + time.time_ns()) // 2

    @classmethod
    def starve(cls, process, seconds):
        """Others keep the processor to themselves for that long; the time in its middle."""
        cpu = min(os.sched_getaffinity(0))
        for task in Path(f"/proc/{cls.pid(process)}/task").iterdir():
            os.sched_setaffinity(int(task.name), {cpu})
            os.setpriority(os.PRIO_PROCESS, int(task.name), 19)
        begun = time.time_ns()
        hogs = [subprocess.Popen([sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass"])
                for _ in range(4)]
        time.sleep(seconds)
        for hog in hogs:
            hog.kill()
            hog.wait()
        for task in Path(f"/proc/{cls.pid(process)}/task").iterdir():
            os.sched_setaffinity(int(task.name), os.sched_getaffinity(0))
        return (begun + time.time_ns()) // 2

    @classmethod
    def inject(cls):
        record = subprocess.Popen([str(BIN / "qdctl"), "--agent", cls.stage.agent, "record", "--out", str(cls.path)],
                                  stdout=subprocess.DEVNULL)
        eventually(lambda: cls.path.exists(), 30)
        cls.run_on(400)
        cls.blackout = cls.push("net.loss=1", "server-1")
        time.sleep(FAULT_S)
        cls.push("net.loss=0", "server-1")
        cls.run_on()
        cls.client_stopped = cls.stop_for("editor-1", FAULT_S)
        cls.run_on()
        cls.server_stopped = cls.stop_for("server-1", FAULT_S)
        cls.run_on()
        cls.calm = cls.tick() - 60
        cls.short_delay = cls.push("interp.delay=1ms", "editor-1")
        cls.run_on()
        cls.push("interp.delay=0ms", "editor-1")
        cls.run_on(150)
        cls.starved = cls.starve("server-1", FAULT_S)
        cls.run_on(90)
        record.send_signal(signal.SIGINT)
        assert record.wait(60) == 0

    def why(self, at, *args, expect=0):
        return qdctl_json("why", self.path, "--at", at, *args, expect=expect)

    def layer(self, answer, name):
        return next(entry for entry in answer["layers"] if entry["layer"] == name)

    def check(self, answer, *layers):
        self.assertIn(answer["first"], layers, answer["headline"])
        first = self.layer(answer, answer["first"])
        self.assertEqual(first["verdict"], "wrong")
        # The verdict rests on a figure beyond its limit, in the window.
        proof = [e for e in first["evidence"] if e["wrong"] and not e["context"]]
        self.assertTrue(proof, answer)
        self.assertTrue(proof[0]["series"] and proof[0]["process"])

    def test_no_snapshot_came(self):
        answer = self.why(self.blackout, "--window", "800ms")
        self.check(answer, "snapshot_arrival")
        arrival = self.layer(answer, "snapshot_arrival")
        # By the tick at which the push took hold, give or take what was on its way and the push back.
        self.assertLess(abs(arrival["tick"] - self.blackout), 30, answer["headline"])
        self.assertGreater(arrival["late_ms"], 0.8 * FAULT_S * 1e3)
        self.assertEqual(self.layer(answer, "interpolation_buffer")["verdict"], "wrong")
        self.assertIn("No snapshot reached editor-1", answer["headline"])

    def test_the_client_stood_still(self):
        answer = self.why(self.client_stopped, "--window", "800ms")
        self.check(answer, "client_frame")
        self.assertGreater(self.layer(answer, "client_frame")["late_ms"], 0.8 * FAULT_S * 1e3)

    def test_the_server_stood_still(self):
        answer = self.why(self.server_stopped, "--window", "800ms")
        # Stopped between two ticks the next one starts late, stopped within one that one takes long.
        self.check(answer, "host", "server_tick")

    def test_the_server_had_no_processor(self):
        answer = self.why(self.starved, "--window", "800ms")
        self.check(answer, "host")
        self.assertIn("waited", self.layer(answer, "host")["says"])

    def test_the_buffer_was_too_short(self):
        answer = self.why(self.short_delay + 150)
        self.check(answer, "interpolation_buffer")
        self.assertNotEqual(self.layer(answer, "snapshot_arrival")["verdict"], "wrong", answer["headline"])

    def test_calm_is_calm_unless_the_machine_was_not(self):
        answer = self.why(self.calm)
        for entry in answer["layers"]:
            self.assertIn(entry["verdict"], ("ok", "wrong"), entry)
            for e in entry["evidence"]:
                if entry["verdict"] == "ok" and not e["context"]:
                    self.assertFalse(e["wrong"], e)
        # On a busy machine threads do wait; what no machine's load explains must not be claimed.
        if answer["first"] is not None:
            first = self.layer(answer, answer["first"])
            proof = next(e for e in first["evidence"] if e["wrong"] and not e["context"])
            self.assertNotEqual(answer["first"], "interpolation_buffer", answer["headline"])
            self.assertGreater(proof["value"], proof["limit"], answer["headline"])

    def test_every_layer_has_evidence_in_ticks(self):
        answer = self.why(self.calm)
        self.assertEqual([entry["layer"] for entry in answer["layers"]], LAYERS)
        low, high = answer["window"]["from"], answer["window"]["to"]
        for entry in answer["layers"]:
            judged = [e for e in entry["evidence"] if not e["context"]]
            self.assertTrue(judged, entry)
            for e in judged:
                self.assertGreater(e["tick"], low - 120)
                self.assertLess(e["tick"], high + 120)

    def test_text_names_the_first(self):
        code, out, err = qdctl("why", self.path, "--at", self.blackout, "--window", "800ms")
        self.assertEqual(code, 0, err)
        self.assertIn("Snapshot arrival went wrong first, at tick", out)

    def test_bad_questions_get_a_sentence(self):
        for at in ("999999999", "soon", "25:00:00", "+10h"):
            code, _, err = qdctl("why", self.path, "--at", at)
            self.assertEqual((code, err.count("\n")), (1, 1), err)
        code, _, err = qdctl("why", self.path, "--at", self.calm, "--process", "nobody")
        self.assertEqual((code, err.count("\n")), (1, 1), err)
        self.assertEqual(qdctl("why", self.path)[0], 2)


if __name__ == "__main__":
    unittest.main()
