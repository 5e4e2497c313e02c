# SPDX-License-Identifier: Apache-2.0
"""Link groups over two agents: who stops, who steps, and what becomes of it when one of the agents is lost."""
import os
import signal
import unittest

from far_groups import FarGroup
from harness import alive, eventually


class FarStops(FarGroup):
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


if __name__ == "__main__":
    unittest.main()
