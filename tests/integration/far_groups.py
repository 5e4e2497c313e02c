# SPDX-License-Identifier: Apache-2.0
"""A stage over two agents: a server at the first, the home of its groups, and its editor at the second."""
import json
import os
import signal
import subprocess
import unittest

from harness import BIN, Stage, qdctl_json


class FarGroup(unittest.TestCase):
    def setUp(self):
        self.stage = Stage("--servers", "1", "--bots", "20", "--agents", "2", "--apart", "--for", "200s").__enter__()
        self.agents = self.stage.ready["agents"]
        self.home, self.other = (a["listen"] for a in self.agents)
        self.stopped = []

    def tearDown(self):
        for pid in self.stopped:
            os.kill(pid, signal.SIGCONT)
        self.stage.__exit__()

    def ctl(self, *args, at=None, expect=0):
        agents = at or [self.home, self.other]
        return qdctl_json(*[word for a in agents for word in ("--agent", a)], *args, expect=expect)

    def states(self, at=None):
        return {p["id"]: p["state"] for a in self.ctl("describe", at=at)["agents"] for p in a.get("processes", [])}

    def ticks(self):
        return {p["id"]: p["tick"] for a in self.ctl("describe")["agents"] for p in a["processes"]}

    def groups(self, at=None):
        return self.ctl("break", "list", at=at)["groups"]

    def breakpoints(self, at=None):
        return self.ctl("break", "list", at=at)["breakpoints"]

    def wait(self, *more, at=None):
        agents = at or [self.home, self.other]
        waiting = subprocess.Popen([str(BIN / "qdctl"), *[w for a in agents for w in ("--agent", a)], "--json", "break",
                                    "wait", "--for", "20s", *more], stdout=subprocess.PIPE, text=True)
        line = waiting.stdout.readline()
        self.assertTrue(line, "break wait ended without an answer")
        return waiting, json.loads(line)

    def end(self, waiting):
        waiting.kill()
        waiting.wait()
        waiting.stdout.close()

    def assert_both_at_one_tick(self, hit):
        self.assertEqual({m["process"] for m in hit["members"]}, {"server-1", "editor-1"}, hit)
        for member in hit["members"]:
            self.assertEqual(member["state"], "stopped", hit)
            self.assertEqual(member["tick"], hit["tick"], hit)
            self.assertEqual(member["skew_ticks"], 0, hit)

    def both(self, state):
        return lambda: set(self.states().values()) == {state}
