# SPDX-License-Identifier: Apache-2.0
"""The kit for Go: its example server with the real agent, and the stage's editor playing on it."""
import json
import re
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import grpc

from harness import BIN, Agent, eventually, pb, qdctl, qdctl_json, rpc, stop_at_site

GO, EDITOR = "go-1", "go-editor"


class Go(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qd-go-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.host = self.agent()
        self.server, self.address = self.game()

    def agent(self):
        made = Agent(self.folder, "--allow-debug")
        made.__enter__()
        self.addCleanup(made.__exit__)
        return made

    def child(self, *command):
        made = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(made.stdout.close)
        self.addCleanup(made.wait)
        self.addCleanup(made.kill)
        return made

    def game(self):
        program = BIN.parent / "tests" / "go-example-server"
        self.assertTrue(program.exists(), f"{program} is missing; ./dev build makes it, with golang-go of ./dev setup")
        made = self.child(program, "--id", GO, "--socket", self.host.socket)
        return made, json.loads(made.stdout.readline())["listen"]

    def editor(self):
        made = self.child(BIN / "quarterdeck-stage-editor", "--id", EDITOR, "--domain", GO, "--server", self.address,
                          "--socket", self.host.socket)
        eventually(lambda: self.process(EDITOR), 30)
        return made

    def ctl(self, *args):
        return qdctl_json("--agent", self.host.agent, *args)

    def process(self, name):
        found = [one for one in self.ctl("describe")["agents"][0]["processes"] if one["id"] == name]
        return found[0] if found and found[0]["state"] != "gone" else None

    def record(self, seconds="3s"):
        out = self.folder / f"{len(list(self.folder.iterdir()))}.qdrec"
        self.ctl("record", "--out", out, "--for", seconds)
        rows = qdctl_json("stats", out, "--series", "*")["series"]
        return {(row["process"], row["name"]): row for row in rows}

    def test_is_described_sampled_and_played_on(self):
        eventually(lambda: self.process(GO), 20)
        self.editor()
        eventually(lambda: self.process(EDITOR)["tick"] > 100, 30)
        about = self.process(GO)
        self.assertEqual((about["kind"], about["tick_hz"], about["labels"]["language"]), ("server", 60, "go"))
        self.assertEqual(about["sites"][0]["name"], "player.moved")
        self.assertTrue(about["sites"][0]["file"].endswith("agent/go/example/server/main.go"))
        self.assertLessEqual({"tick.duration", "go.gc.pause_max", "go.sched.latency_p99", "go.goroutines"},
                             {one["name"] for one in about["series"]})
        rows = self.record()
        self.assertEqual(rows[GO, "net.clients"]["max"], 1)
        self.assertGreater(rows[GO, "tick.duration"]["n"], 30)
        self.assertGreater(rows[GO, "go.goroutines"]["min"], 1)
        self.assertEqual(rows[EDITOR, "net.state"]["min"], 2)  # connected throughout
        self.assertGreater(rows[EDITOR, "interp.interpolated"]["max"], 0.5)
        # Both sides step a player alike, or every snapshot would correct it.
        self.assertGreater(rows[EDITOR, "predict.error"]["n"], 20)
        self.assertEqual(rows[EDITOR, "predict.error"]["p50"], 0)

    def test_pushes_are_applied_at_a_tick_or_refused_whole(self):
        eventually(lambda: self.process(GO), 20)
        done = self.ctl("params", "set", "npc.density=2", "npc.speed=3", "--process", GO)["results"][0]
        self.assertEqual(done["status"], "applied")
        self.assertGreater(done["tick"], 0)
        # A sample of the tick before may still be on its way when the recording begins.
        eventually(lambda: self.record("1s")[GO, "npc.count"]["min"] == 16, 30)
        code, out, _ = qdctl("--agent", self.host.agent, "--json", "params", "set", "npc.density=1", "npc.speed=99", "--process", GO)
        self.assertEqual(code, 1)
        self.assertIn("the most allowed is 10", out)
        self.assertEqual({one["name"]: one["value"] for one in self.process(GO)["parameters"]}["npc.density"], 2)

    def test_its_log_and_actions(self):
        eventually(lambda: self.process(GO), 20)
        lines, stub = [], rpc.AgentStub(grpc.insecure_channel(self.host.agent))
        stream = stub.Subscribe(pb.SubscribeRequest())
        self.addCleanup(stream.cancel)

        def listen():
            try:
                for batch in stream:
                    if batch.HasField("log"):
                        lines.append(batch.log.text)
            except grpc.RpcError:
                pass  # cancelled

        reader = threading.Thread(target=listen)
        reader.start()
        self.addCleanup(reader.join)
        self.addCleanup(stream.cancel)
        self.editor()
        eventually(lambda: any(b"joined as player" in line for line in lines), 20)
        drain = ("action", "run", "match.drain", "reason=test", "--process", GO, "--comment", "a test")
        code, _, err = qdctl("--agent", self.host.agent, *drain)
        self.assertEqual(code, 1)
        wanted = re.search(r'--confirm "([^"]+)"', err).group(1)
        self.assertEqual(self.ctl(*drain, "--confirm", wanted)["ok"], True)
        self.assertEqual(self.server.wait(20), 0)

    def test_a_site_in_go_stops_the_editor_at_the_same_tick(self):
        eventually(lambda: self.process(GO), 20)
        self.editor()
        eventually(lambda: self.process(EDITOR)["tick"] > 100, 30)
        self.ctl("break", "link", GO, EDITOR)
        refused = qdctl("--agent", self.host.agent, "--json", "break", "set", "player.moved", "--process", GO, "--if", "speed > 1")
        self.assertIn("offers: player,x_m,y_m,speed_mps", refused[1] + refused[2])
        hit = stop_at_site(self.host.agent, "player.moved", GO, 200, "--if", "speed_mps >= 0")
        self.assertEqual((hit["state"], hit["leader"]), ("stopped", GO))
        members = {one["process"]: one for one in hit["members"]}
        self.assertEqual(members[GO]["state"], "stopped")
        self.assertEqual(members[GO]["locals"]["player"], 1)
        self.assertEqual(members[EDITOR]["state"], "stopped")
        self.assertEqual(members[EDITOR]["skew_ticks"], 0)
        self.assertEqual(members[GO]["tick"], members[EDITOR]["tick"])
        self.ctl("break", "continue")
        eventually(lambda: (self.process(GO) or {"tick": 0})["tick"] > hit["tick"] + 30, 20)
        eventually(lambda: self.process(EDITOR)["state"] == "running", 20)

    def test_runs_again_when_its_agent_dies(self):
        eventually(lambda: self.process(GO), 20)
        self.editor()
        self.ctl("break", "set", "player.moved", "--process", GO)
        hit = self.ctl("break", "wait", "--for", "20s", "--hold", "10s")
        self.host.process.kill()
        self.host.process.wait()
        self.host = self.agent()
        eventually(lambda: (self.process(GO) or {"tick": 0})["tick"] > hit["tick"] + 60, 30)
        self.assertEqual(self.process(GO)["state"], "running")


if __name__ == "__main__":
    unittest.main(verbosity=2)
