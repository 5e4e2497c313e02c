# SPDX-License-Identifier: Apache-2.0
"""Linked tick-safe breakpoints on a real stage: both sides stop at the same tick, and nobody is left frozen."""
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import BIN, Stage, eventually, qdctl, qdctl_json
from stage_test import rows


class Links(unittest.TestCase):
    def setUp(self):
        self.stage = Stage("--servers", "1", "--bots", "20", "--for", "120s").__enter__()

    def tearDown(self):
        self.stage.__exit__()

    def ctl(self, *args, expect=0):
        return qdctl_json("--agent", self.stage.agent, *args, expect=expect)

    def states(self):
        return {p["id"]: p["state"] for p in self.ctl("describe")["agents"][0]["processes"]}

    def running(self):
        return set(self.states().values()) == {"running"}

    def ticks(self):
        return {p["id"]: p["tick"] for p in self.ctl("describe")["agents"][0]["processes"]}

    def arm(self, site="combat.hit_resolved", *more):
        self.ctl("break", "link")
        self.ctl("break", "set", site, *more)

    def wait(self, *more):
        """Starts `break wait`; returns (process, its answer)."""
        waiting = subprocess.Popen([str(BIN / "qdctl"), "--agent", self.stage.agent, "--json", "break", "wait", "--for", "20s", *more],
                                   stdout=subprocess.PIPE, text=True)
        line = waiting.stdout.readline()
        self.assertTrue(line, "break wait ended without an answer")
        return waiting, json.loads(line)

    def end(self, waiting):
        waiting.wait(60)
        waiting.stdout.close()

    def assert_both_stopped_in_the_same_tick(self, hit):
        self.assertEqual({m["process"] for m in hit["members"]}, {"server-1", "editor-1"})
        for member in hit["members"]:
            self.assertEqual(member["state"], "stopped", hit)
            self.assertEqual(member["skew_ticks"], 0, hit)
            self.assertEqual(member["tick"], hit["tick"], hit)

    def test_both_stop_at_the_tick_and_players_stay(self):
        self.arm()
        waiting, hit = self.wait("--hold", "20s")
        self.assertEqual(hit["leader"], "server-1")
        self.assert_both_stopped_in_the_same_tick(hit)
        leader = next(m for m in hit["members"] if m["process"] == "server-1")
        self.assertIn("shooter", leader["locals"])
        self.assertEqual(set(self.states().values()), {"parked"})
        stopped = self.ticks()
        self.end(waiting)  # 20 s later
        self.assertEqual(self.ticks(), stopped, "nothing moved while stopped")
        for breakpoint in self.ctl("break", "list")["breakpoints"]:
            self.ctl("break", "remove", breakpoint["id"])
        self.ctl("break", "continue")
        folder = Path(tempfile.mkdtemp(prefix="qd-links-"))
        eventually(lambda: self.ticks()["server-1"] > stopped["server-1"], 10)
        code, _, err = qdctl("--agent", self.stage.agent, "record", "--out", folder / "a.qdrec", "--for", "2s")
        self.assertEqual(code, 0, err)
        players = [v for _, _, v in rows(folder / "a.qdrec", "players.online", "server-1")]
        self.assertGreaterEqual(players[-1], 20, "the bots stayed connected for 20 s of standstill")

    def test_one_tick_at_a_time(self):
        self.arm("tick.begin")
        waiting, hit = self.wait("--hold", "10s")
        before = self.ticks()["server-1"]
        self.ctl("break", "step")
        eventually(lambda: self.ticks()["server-1"] == before + 1 and self.states()["server-1"] == "parked", 5)
        self.ctl("break", "continue")
        waiting.kill()
        self.end(waiting)

    def test_a_vanished_console_leaves_nobody_frozen(self):
        self.arm()
        waiting, _ = self.wait("--hold", "60s")
        self.assertEqual(set(self.states().values()), {"parked"})
        waiting.send_signal(signal.SIGKILL)
        self.end(waiting)
        eventually(self.running, 18)

    def test_a_bad_condition_is_rejected_and_never_armed(self):
        self.ctl("break", "link")
        code, out, err = qdctl("--agent", self.stage.agent, "--json", "break", "set", "combat.hit_resolved", "--if", "damage >")
        if code == 0:
            (found,) = [b for b in self.ctl("break", "list")["breakpoints"]]
            self.assertFalse(found["armed"])
        else:
            self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_a_condition_holds_at_the_stop(self):
        self.arm("combat.hit_resolved", "--if", "damage >= 1")
        waiting, hit = self.wait("--hold", "1s")
        leader = next(m for m in hit["members"] if m["process"] == hit["leader"])
        self.assertGreaterEqual(float(leader["locals"]["damage"]), 1)
        self.ctl("break", "continue")
        self.end(waiting)


class AgentKilled(unittest.TestCase):
    def test_the_game_runs_again_within_three_seconds(self):
        with Stage("--servers", "1", "--bots", "10", "--for", "90s") as stage:
            ctl = lambda *a: qdctl_json("--agent", stage.agent, *a)
            ctl("break", "link")
            ctl("break", "set", "tick.begin")
            waiting = subprocess.Popen([str(BIN / "qdctl"), "--agent", stage.agent, "--json", "break", "wait", "--for", "20s", "--hold", "60s"],
                                       stdout=subprocess.PIPE, text=True)
            self.assertTrue(waiting.stdout.readline())
            agent = stage.ready["agents"][0]
            os.kill(agent["pid"], signal.SIGKILL)
            killed = time.time_ns()
            waiting.kill()
            waiting.wait()
            waiting.stdout.close()
            # A new agent on the same socket and data reads what the game wrote meanwhile.
            again = subprocess.Popen([str(BIN / "quarterdeckd"), "--listen", "127.0.0.1:0", "--socket", agent["socket"],
                                      "--data", agent["data"], "--allow-debug"], stdout=subprocess.PIPE, text=True)
            try:
                address = json.loads(again.stdout.readline())["listen"]
                ids = lambda: {p["id"]: p["state"] for p in qdctl_json("--agent", address, "describe")["agents"][0]["processes"]}
                eventually(lambda: ids().get("server-1") == "running" and ids().get("editor-1") == "running", 10)
                folder = Path(tempfile.mkdtemp(prefix="qd-orphan-"))
                code, _, err = qdctl("--agent", address, "record", "--out", folder / "o.qdrec", "--for", "1s", "--backfill", "2m")
                self.assertEqual(code, 0, err)
                after = [t for _, t, _ in rows(folder / "o.qdrec", "tick.duration", "server-1") if t > killed]
                self.assertTrue(after)
                self.assertLess((after[0] - killed) / 1e9, 3)
                before = [t for _, t, _ in rows(folder / "o.qdrec", "tick.duration", "server-1") if t < killed]
                self.assertTrue(before, "the flight recorder outlived the agent")
            finally:
                again.terminate()
                again.wait(10)
                again.stdout.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
