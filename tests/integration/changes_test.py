# SPDX-License-Identifier: Apache-2.0
"""Changes over time on the stage, all of it through qdctl: plan, push with a way back, a rollout that breaches, presets,
drift, the audit, and what the ledger finds in a recording."""
import json
import os
import subprocess
import tempfile
import time
import unittest

from harness import BIN, Stage, eventually, qdctl, qdctl_json


class Changes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = Stage("--servers", "3", "--bots", "4", "--editors", "0")
        cls.stage.__enter__()
        cls.agent = ("--agent", cls.stage.agent)

    @classmethod
    def tearDownClass(cls):
        cls.stage.__exit__(None, None, None)

    def density(self, process):
        for p in qdctl_json(*self.agent, "params", "get", "npc.density")["parameters"]:
            if p["process"] == process:
                return p["value"]
        return None

    def test_plan_changes_nothing(self):
        plan = qdctl_json(*self.agent, "params", "plan", "npc.density=1.5", "--process", "server-1")
        self.assertEqual([(c["process"], c["name"], c["planned"]) for c in plan["changes"]], [("server-1", "npc.density", 1.5)])
        self.assertEqual(self.density("server-1"), 1)
        code, _, err = qdctl(*self.agent, "params", "plan", "npc.density=99")
        self.assertEqual(code, 1)
        self.assertIn("range", err)

    def test_a_push_goes_back_after_its_time(self):
        done = qdctl_json(*self.agent, "params", "push", "npc.density=1.4", "--process", "server-1", "--for", "2s",
                          "--ramp", "linear:1s", "--wait")
        self.assertEqual(done["phase"], "reverted")
        self.assertEqual(self.density("server-1"), 1)

    def test_push_revert_and_history(self):
        pushed = qdctl_json(*self.agent, "params", "set", "npc.density=1.3", "--process", "server-2", "--comment", "try")
        self.assertEqual(self.density("server-2"), 1.3)
        past = qdctl_json(*self.agent, "params", "history", "npc.density")["pushes"]
        self.assertIn(pushed["push"], [p["push"] for p in past])
        qdctl_json(*self.agent, "params", "revert", pushed["push"])
        self.assertEqual(self.density("server-2"), 1)

    def test_a_rollout_that_breaches_takes_itself_back(self):
        code, out, err = qdctl(*self.agent, "--json", "rollout", "start", "npc.density=1.1", "--wave", "1:20s", "--wave",
                               "100%", "--guard", "mean tick.duration > 0.0001 ms for 30 ticks", "--comment", "too strict")
        self.assertEqual(code, 1, out + err)
        self.assertIn("not recovered", err)
        end = json.loads(out)
        self.assertEqual(end["phase"], "reverted")
        self.assertEqual(end["verdict"], "reverted, not recovered", "the threshold is breached at any time")
        self.assertLessEqual(end["revert_tick"] - end["breach_tick"], 10)
        states = [t["state"] for t in end["targets"]]
        self.assertEqual(states.count("reverted"), 1)
        self.assertEqual(states.count("waiting"), 2)
        for server in ("server-1", "server-2", "server-3"):
            self.assertEqual(self.density(server), 1)

    def test_a_rollout_that_holds_to_its_guards_gets_there(self):
        end = qdctl_json(*self.agent, "rollout", "start", "net.latency=5ms", "--wave", "1:1s", "--wave", "100%:1s",
                         "--guard", "p99 tick.duration > 1000 ms for 30 ticks")
        self.assertEqual(end["phase"], "done")
        self.assertEqual({t["state"] for t in end["targets"]}, {"applied"})
        listed = qdctl_json(*self.agent, "rollout", "list")["changes"]
        self.assertIn(end["change"], [c["change"] for c in listed])
        back = qdctl_json(*self.agent, "params", "revert", end["change"])
        self.assertEqual(back["phase"], "reverted")

    def test_bad_words_get_a_sentence(self):
        for words, says in ((("--wave", "x"), "no wave"), (("--guard", "tick > 3"), "no guard"),
                            (("--guard", "p99 no.such > 3"), "no series"), (("--guard", "p99 tick.duration > 3 km"), "not in km"),
                            (("--ramp", "jump:3s"), "no ramp"), (("--at", "noon"), "no time")):
            code, _, err = qdctl(*self.agent, "rollout", "start", "npc.density=1.1", *words)
            self.assertEqual(code, 1, err)
            self.assertIn(says, err)
            self.assertEqual(err.count("\n"), 1, err)

    def test_presets_come_and_go_as_toml(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "storm.toml")
            with open(path, "w") as file:
                file.write('name = "storm"\n[values]\n"weather.kind" = "storm"\n"net.latency" = "5ms"\n')
            qdctl_json(*self.agent, "preset", "import", path)
            self.assertEqual([p["name"] for p in qdctl_json(*self.agent, "preset", "list")["presets"]], ["storm"])
            found = qdctl_json(*self.agent, "preset", "diff", "storm")["differences"]
            self.assertIn(("server-1", "net.latency"), [(d["process"], d["name"]) for d in found])
            code, out, _ = qdctl(*self.agent, "preset", "export", "storm")
            self.assertEqual(code, 0)
            self.assertIn("net.latency", out)
            with open(path, "w") as file:
                file.write("name = \n")
            code, _, err = qdctl(*self.agent, "preset", "import", path)
            self.assertEqual(code, 1)
            self.assertIn("line 1", err)
        qdctl_json(*self.agent, "preset", "remove", "storm")
        self.assertEqual(qdctl_json(*self.agent, "preset", "list")["presets"], [])

    def test_the_audit_is_in_order_and_tells_when_it_is_not(self):
        qdctl_json(*self.agent, "params", "set", "npc.density=1.2", "--process", "server-3", "--comment", "for the audit")
        good = qdctl_json(*self.agent, "audit", "verify")
        self.assertTrue(good["ok"])
        self.assertGreaterEqual(good["audits"][0]["records"], 2)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out.jsonl")
            qdctl_json(*self.agent, "audit", "export", "--out", path)
            lines = open(path).read().splitlines()
            self.assertTrue(qdctl_json("audit", "verify", path)["ok"])
            for bad in (lines[1:], lines[:1] + lines[2:], [lines[1], lines[0]] + lines[2:],
                        [lines[0].replace('"who"', '"who" ').replace("applied", "rejected")] + lines[1:-1] +
                        [lines[-1].replace('"time_ns":1', '"time_ns":2')]):
                with open(path, "w") as file:
                    file.write("\n".join(bad) + "\n")
                code, _, err = qdctl("audit", "verify", path)
                self.assertEqual(code, 1, bad)
                self.assertIn("broken", err)

    def test_the_ledger_finds_the_planted_effect_and_none_of_a_placebo(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "effects.qdrec")
            recorder = subprocess.Popen([BIN / "qdctl", *self.agent, "record", "--out", path, "--for", "42s"],
                                        stdout=subprocess.DEVNULL)
            time.sleep(12)  # the window before
            placebo = qdctl_json(*self.agent, "params", "set", "weather.intensity=0.31", "--process", "server-1")["push"]
            time.sleep(14)
            planted = qdctl_json(*self.agent, "params", "set", "npc.density=8", "--process", "server-2")["push"]
            recorder.wait(60)
            qdctl_json(*self.agent, "params", "set", "npc.density=1", "--process", "server-2")
            found = qdctl_json("effects", path, "--window", "10s", "--skip", "3s", "--confidence", "0.999")["effects"]
            by = {row["push"]: row for row in found}
            self.assertTrue(by[planted]["p50"]["real"], by[planted])
            self.assertGreater(by[planted]["p50"]["delta"], 0)
            self.assertEqual(by[planted]["untouched"], 2)
            self.assertFalse(by[placebo]["p50"]["real"], by[placebo])
            self.assertEqual(found[0]["push"], planted, "what did most stands first")
            print("planted: %+.3f ms (%.3f to %.3f); placebo: %+.3f ms (%.3f to %.3f)" % tuple(
                by[push]["p50"][key] for push in (planted, placebo) for key in ("delta", "low", "high")))


if __name__ == "__main__":
    unittest.main()
