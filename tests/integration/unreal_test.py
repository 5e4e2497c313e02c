# SPDX-License-Identifier: Apache-2.0
"""The engine-free half of the Unreal plugin in a host of a page, with the real agent: every world a member, stops that
pause worlds and never the game thread."""
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import BIN, Agent, eventually, qdctl_json, stop_at_site

SERVER, CLIENT = "arena", "arena-client-1"


class Unreal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qd-unreal-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.host = self.agent()

    def agent(self, *args):
        made = Agent(self.folder, "--allow-debug", "--probe-listen", "127.0.0.1:0", *args)
        made.__enter__()
        self.addCleanup(made.__exit__)
        return made

    def engine(self, editor=True, tcp=False):
        socket = f"tcp:{self.host.ready['probe_listen']}" if tcp else str(self.host.socket)
        made = subprocess.Popen([str(BIN.parent / "tests" / "unreal-host"), socket, SERVER, "1" if editor else "0"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for undo in (made.stdout.close, made.stdin.close, made.wait, made.kill):
            self.addCleanup(undo)
        eventually(lambda: self.process(SERVER), 20)
        if editor:
            eventually(lambda: self.process(CLIENT), 20)
        return made

    def report(self, engine):
        """Ends it; what it said, and its last line."""
        engine.stdin.write("\n")
        engine.stdin.flush()
        lines = [json.loads(line) for line in engine.stdout]
        return lines[:-1], lines[-1]

    def ctl(self, *args):
        return qdctl_json("--agent", self.host.agent, *args)

    def process(self, name):
        found = [one for one in self.ctl("describe")["agents"][0]["processes"] if one["id"] == name]
        return found[0] if found and found[0]["state"] != "gone" else None

    def test_worlds_are_members_that_stop_together_while_the_engine_draws(self):
        engine = self.engine()
        server, client = self.process(SERVER), self.process(CLIENT)
        self.assertEqual((server["kind"], client["kind"], client["domain"]), ("server", "editor", SERVER))
        self.assertEqual(server["labels"]["engine"], "unreal")
        self.ctl("break", "link", SERVER, CLIENT)
        hit = stop_at_site(self.host.agent, "combat.hit", SERVER, 30, "--if", "victim == 3")
        members = {one["process"]: one for one in hit["members"]}
        self.assertEqual((hit["state"], hit["tick"] % 8, members[SERVER]["locals"]["damage"]), ("stopped", 3, 50))
        self.assertEqual({name: one["state"] for name, one in members.items()}, {SERVER: "stopped", CLIENT: "stopped"})
        stood = self.process(SERVER)["tick"]
        self.assertEqual(self.process(SERVER)["tick"], stood)
        self.ctl("break", "continue")
        eventually(lambda: self.process(SERVER)["tick"] > stood + 10 and self.process(CLIENT)["state"] == "running", 20)
        said, last = self.report(engine)
        for name in (SERVER, CLIENT):
            self.assertEqual([line[name] for line in said if name in line][:2], ["paused", "running"])
        self.assertLess(last["longest_frame_ms"], 1000)  # it stood for longer than that; the engine did not

    def test_pushes_actions_and_samples_over_tcp(self):
        engine = self.engine(tcp=True)
        done = self.ctl("params", "set", "Arena.WalkSpeed=900", "--process", SERVER)["results"][0]
        self.assertEqual(done["status"], "applied")
        self.assertTrue(self.ctl("action", "run", "match.reset", "--process", SERVER)["ok"])
        out = self.folder / "r.qdrec"
        self.ctl("record", "--out", out, "--for", "2s")
        rows = {(one["process"], one["name"]): one for one in qdctl_json("stats", out, "--series", "*")["series"]}
        self.assertEqual(rows[SERVER, "walk.speed"]["min"], 900)
        self.assertEqual((rows[CLIENT, "net.rtt"]["p50"], rows[SERVER, "net.clients"]["max"]), (12.5, 1))
        self.assertGreater(rows[SERVER, "tick.duration"]["n"], 30)
        self.assertGreater(rows[CLIENT, "frame.duration"]["n"], 30)
        self.assertEqual(self.report(engine)[1]["resets"], 1)

    def test_a_paused_world_runs_again_when_the_agent_dies(self):
        engine = self.engine()
        self.ctl("break", "set", "combat.hit", "--process", SERVER)
        self.ctl("break", "wait", "--for", "20s", "--hold", "10s")
        self.host.process.kill()
        self.host.process.wait()
        self.assertEqual(json.loads(engine.stdout.readline()), {SERVER: "paused"})
        running = json.loads(engine.stdout.readline())
        while running != {SERVER: "running"}:  # the client's world may have been paused too
            running = json.loads(engine.stdout.readline())
        self.host = self.agent()
        eventually(lambda: self.process(SERVER), 20)
        _, last = self.report(engine)
        self.assertLess(last["longest_frame_ms"], 1000)

    def test_a_dedicated_server_stands_itself(self):
        engine = self.engine(editor=False)
        hit = stop_at_site(self.host.agent, "combat.hit", SERVER, 200, hold="1s")
        self.assertEqual(hit["state"], "stopped")
        self.ctl("break", "continue")
        eventually(lambda: self.process(SERVER)["tick"] > hit["tick"] + 10, 20)
        self.report(engine)


if __name__ == "__main__":
    unittest.main(verbosity=2)
