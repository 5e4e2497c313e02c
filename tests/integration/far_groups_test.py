# SPDX-License-Identifier: Apache-2.0
"""Link groups over two agents: real agents, a real server at the first and its editor at the second."""
import json
import os
import signal
import subprocess
import time
import unittest

from harness import BIN, Stage, alive, eventually, qdctl, qdctl_json


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

    def test_a_hit_stops_both_without_any_console(self):
        self.ctl("break", "link")
        self.assertEqual(len(self.groups()), 1, "the copy of the other agent is not shown beside its original")
        made = self.ctl("break", "set", "combat.hit_resolved")
        self.assertEqual(made["armed"], True, made)
        # Nobody is connected from here until both stand: what stopped them came from agent to agent.
        eventually(self.both("parked"), 10)
        waiting, hit = self.wait("--hold", "30s")
        self.assert_both_at_one_tick(hit)
        self.assertEqual(hit["leader"], "server-1")
        self.ctl("break", "remove", made["id"])
        self.ctl("break", "continue")
        eventually(self.both("running"), 5)
        self.end(waiting)
        before = self.ticks()
        eventually(lambda: all(self.ticks()[p] > before[p] for p in before), 5)

    def test_the_far_side_leads_and_steps(self):
        self.ctl("break", "link", "server-1", "editor-1")
        made = self.ctl("break", "set", "frame.rendered", "--process", "editor-1")
        waiting, hit = self.wait("--hold", "30s")
        self.assertEqual(hit["leader"], "editor-1")
        self.assertEqual({m["state"] for m in hit["members"]}, {"stopped"}, hit)
        self.ctl("break", "remove", made["id"])
        before = self.ticks()["server-1"]
        self.ctl("break", "step")
        eventually(lambda: self.ticks()["server-1"] == before + 1 and self.both("parked")(), 5)
        self.ctl("break", "continue")
        eventually(self.both("running"), 5)
        self.end(waiting)

    def test_an_agent_of_a_member_passes_orders_on(self):
        self.ctl("break", "link")
        there = [self.other]
        (copy,) = self.groups(at=there)
        self.assertTrue(copy["id"].endswith("@" + self.home), copy)
        self.ctl("break", "pause", "--group", copy["id"], at=there)
        eventually(self.both("parked"), 5)
        waiting, hit = self.wait("--hold", "25s", at=there)  # its lease alone, passed on, holds both
        time_stopped = time.monotonic()
        eventually(lambda: time.monotonic() - time_stopped > 17, 20)
        self.assertEqual(set(self.states().values()), {"parked"}, "longer than a lease of 15 s")
        self.ctl("break", "continue", at=there)
        eventually(self.both("running"), 5)
        self.end(waiting)

    def test_home_killed_and_everybody_runs(self):
        self.ctl("break", "link")
        self.ctl("break", "set", "combat.hit_resolved")
        eventually(self.both("parked"), 10)
        os.kill(self.agents[0]["pid"], signal.SIGKILL)
        eventually(lambda: self.states(at=[self.other])["editor-1"] == "running", 4)
        self.assertEqual(self.groups(at=[self.other]), [], "a copy of a home that has gone")
        self.assertEqual(self.breakpoints(at=[self.other]), [])
        for process in self.stage.ready["processes"]:
            self.assertTrue(alive(process["pid"]), process)

    def test_home_cut_off_while_stopped(self):
        self.ctl("break", "link")
        made = self.ctl("break", "set", "combat.hit_resolved")
        eventually(self.both("parked"), 10)
        home = self.agents[0]["pid"]
        os.kill(home, signal.SIGSTOP)  # silent, its connections open
        self.stopped.append(home)
        eventually(lambda: self.states(at=[self.other])["editor-1"] == "running", 6)
        self.stopped.clear()
        os.kill(home, signal.SIGCONT)
        # It comes back, borrows again, and says who runs.
        eventually(lambda: len(self.groups()) == 1 and self.groups()[0]["members"] and
                   {m["process"] for m in self.groups()[0]["members"]} == {"server-1", "editor-1"}, 10)
        if self.breakpoints():
            self.ctl("break", "remove", made["id"])
        self.ctl("break", "continue")
        eventually(self.both("running"), 20)

    def test_the_members_agent_killed_while_stopped(self):
        self.ctl("break", "link")
        self.ctl("break", "set", "combat.hit_resolved")
        waiting, _ = self.wait("--hold", "60s")
        os.kill(self.agents[1]["pid"], signal.SIGKILL)
        member = lambda: {m["process"].split("@")[0]: m["state"] for g in self.groups(at=[self.home]) for m in g["members"]}
        eventually(lambda: member()["editor-1"] == "exited", 5)
        self.assertEqual(member()["server-1"], "stopped", "the others are held on")
        self.end(waiting)
        self.ctl("break", "continue", at=[self.home])
        eventually(lambda: self.states(at=[self.home])["server-1"] == "running", 20)
        eventually(lambda: alive(self.stage.ready["processes"][1]["pid"]), 1)

    def test_refusals_are_sentences(self):
        self.ctl("break", "link", "editor-1", at=[self.other])  # a group of its own there
        code, _, err = qdctl("--agent", self.home, "--agent", self.other, "break", "link", "server-1", "editor-1")
        self.assertEqual(code, 1)
        self.assertIn("unlink that first", err)
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertEqual([g["members"][0]["process"] for g in self.groups()], ["editor-1"])


if __name__ == "__main__":
    unittest.main()
