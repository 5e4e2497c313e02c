# SPDX-License-Identifier: Apache-2.0
"""Link groups over two agents: orders given at the member's agent, and what is refused."""
import time
import unittest

from far_groups import FarGroup
from harness import eventually, qdctl


class FarOrders(FarGroup):
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

    def test_refusals_are_sentences(self):
        self.ctl("break", "link", "editor-1", at=[self.other])  # a group of its own there
        code, _, err = qdctl("--agent", self.home, "--agent", self.other, "break", "link", "server-1", "editor-1")
        self.assertEqual(code, 1)
        self.assertIn("unlink that first", err)
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertEqual([g["members"][0]["process"] for g in self.groups()], ["editor-1"])


if __name__ == "__main__":
    unittest.main()
