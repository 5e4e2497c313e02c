# SPDX-License-Identifier: Apache-2.0
"""What makes a change of a live game safe, through qdctl and on the wire: experiments, confirmations, conflicts that tell
both values, staged edits that others see, and an audit that was cut behind its agent's back."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import grpc
from harness import Agent, BIN, Stage, eventually, pb, qdctl, qdctl_json, rpc

CONFIRM = re.compile(r'--confirm "([^"]+)"')


class Safety(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = Stage("--servers", "2", "--bots", "4", "--editors", "0")
        cls.stage.__enter__()
        cls.agent = ("--agent", cls.stage.agent)
        for server in ("server-1", "server-2"):
            eventually(lambda: cls.players(server) == 4, 30)

    @classmethod
    def tearDownClass(cls):
        cls.stage.__exit__(None, None, None)

    @classmethod
    def players(cls, server):
        """As a dangerous push must name them."""
        _, _, err = qdctl(*cls.agent, "params", "push", "server.tick_hz=60", "--process", server, "--comment", "look")
        named = re.search(r"(\d+) players", err)
        return int(named.group(1)) if named else 0

    def value(self, process, name):
        for p in qdctl_json(*self.agent, "params", "get", name)["parameters"]:
            if p["process"] == process:
                return p["value"]
        return None

    def experiment(self, fault, refuted, abort, *more, server="server-1", time="4s", expect=0):
        words = ("experiment", "start", fault, "--name", "a fault", "--hypothesis", "the tick holds", "--refuted-by", refuted,
                 "--abort", abort, "--for", time, "--process", server, "--comment", "to learn", *more)
        if fault.startswith("debug."):
            code, _, err = qdctl(*self.agent, *words)
            self.assertEqual(code, 1)
            words += ("--confirm", CONFIRM.search(err).group(1))
        return qdctl_json(*self.agent, *words, expect=expect)

    def test_an_experiment_holds_and_makes_a_report(self):
        before = self.value("server-1", "net.latency")
        end = self.experiment("net.latency=80ms", "mean tick.duration > 200 ms for 60 ticks",
                              "mean tick.duration > 400 ms for 60 ticks", "--most-players", "4")
        self.assertEqual(end["outcome"], "held", end)
        self.assertTrue(end["restored"].startswith("reverted"), end)
        self.assertEqual(self.value("server-1", "net.latency"), before)
        (measure,) = [m for m in end["measures"] if m["role"] == "refutes"]
        for when in ("before", "during", "after"):
            self.assertIsNotNone(measure[when], end)
        self.assertIn(end["experiment"], [e["experiment"] for e in qdctl_json(*self.agent, "experiment", "list")["experiments"]])
        code, text, _ = qdctl(*self.agent, "experiment", "report", end["experiment"])
        self.assertEqual(code, 0)
        for part in ("# Experiment: a fault", "the tick holds", "**Outcome**: held", "net.latency", "| before |", "server-1"):
            self.assertIn(part, text)

    def test_an_experiment_refutes_its_hypothesis(self):
        end = self.experiment("debug.cpu_hog=8ms", "mean tick.duration > 5 ms for 60 ticks",
                              "mean tick.duration > 400 ms for 60 ticks")
        self.assertTrue(end["outcome"].startswith("refuted"), end)
        self.assertEqual(self.value("server-1", "debug.cpu_hog"), "0ms")

    def test_the_abort_metric_takes_the_fault_back(self):
        started = time.monotonic()
        end = self.experiment("debug.cpu_hog=8ms", "mean tick.duration > 400 ms for 60 ticks",
                              "mean tick.duration > 5 ms for 30 ticks", time="5m", server="server-2", expect=1)
        self.assertTrue(end["outcome"].startswith("aborted"), end)
        self.assertLess(time.monotonic() - started, 200, "long before its time was over")
        self.assertGreater(end["breach_tick"], 0)
        self.assertLessEqual(end["revert_tick"] - end["breach_tick"], 10, end)
        self.assertEqual(self.value("server-2", "debug.cpu_hog"), "0ms")
        print("experiment aborted %d ticks after the breach" % (end["revert_tick"] - end["breach_tick"]))

    def test_an_experiment_is_aborted_by_a_person_and_keeps_to_its_radius(self):
        code, _, err = qdctl(*self.agent, "experiment", "start", "net.loss=0.1", "--name", "n", "--hypothesis", "h",
                             "--refuted-by", "mean tick.duration > 400 ms", "--abort", "mean tick.duration > 400 ms", "--for",
                             "1m", "--most-processes", "1")
        self.assertEqual(code, 1)
        self.assertIn("blast radius is 1", err)
        before = self.value("server-2", "net.loss")
        begun = self.experiment("net.loss=0.1", "mean tick.duration > 400 ms for 30 ticks",
                                "mean tick.duration > 400 ms for 30 ticks", "--detach", time="5m", server="server-2")
        eventually(lambda: self.value("server-2", "net.loss") == 0.1, 30)
        self.assertEqual(qdctl(*self.agent, "experiment", "abort", begun["experiment"], "--comment", "enough")[0], 0)
        eventually(lambda: self.value("server-2", "net.loss") == before, 30)
        code, out, err = qdctl(*self.agent, "experiment", "watch", begun["experiment"])
        self.assertEqual(code, 1)
        self.assertIn("aborted by", err)

    def test_what_is_dangerous_must_be_confirmed_by_name(self):
        push = (*self.agent, "params", "push", "server.tick_hz=50", "--process", "server-1")
        code, _, err = qdctl(*push)
        self.assertEqual(code, 1)
        self.assertIn("--comment", err)
        code, _, err = qdctl(*push, "--comment", "load test")
        self.assertEqual(code, 1)
        wanted = CONFIRM.search(err).group(1)
        self.assertEqual(wanted, "server-1 4 players")
        code, _, err = qdctl(*push, "--comment", "load test", "--confirm", "server-2 4 players")
        self.assertEqual(code, 1)
        self.assertEqual(self.value("server-1", "server.tick_hz"), 60)
        qdctl_json(*push, "--comment", "load test", "--confirm", wanted, "--for", "1s", "--wait")
        self.assertEqual(self.value("server-1", "server.tick_hz"), 60)

    def test_a_dangerous_action_needs_a_reason_and_its_confirmation(self):
        run = (*self.agent, "action", "run", "map.reload", "--process", "server-1")
        code, _, err = qdctl(*run)
        self.assertEqual(code, 1)
        self.assertIn("--comment", err)
        code, _, err = qdctl(*run, "--comment", "a new map")
        self.assertEqual(code, 1)
        qdctl_json(*run, "--comment", "a new map", "--confirm", CONFIRM.search(err).group(1))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "audit.jsonl")
            qdctl_json(*self.agent, "audit", "export", "--out", path)
            self.assertTrue([line for line in open(path) if "map.reload" in line and "a new map" in line])
        stub = rpc.AgentStub(grpc.insecure_channel(self.stage.agent))
        with self.assertRaises(grpc.RpcError) as refused:
            stub.RunAction(pb.RunActionRequest(action_id="x-1", process_id="server-1", name=b"map.reload"))
        self.assertIn("comment", refused.exception.details())

    def test_a_conflict_tells_both_values_and_whose(self):
        before = [p["version"] for p in qdctl_json(*self.agent, "params", "get", "weather.intensity")["parameters"]
                  if p["process"] == "server-2"][0]
        qdctl_json(*self.agent, "params", "set", "weather.intensity=0.4", "--process", "server-2")
        code, _, err = qdctl(*self.agent, "params", "set", "weather.intensity=0.6", "--process", "server-2", "--expect",
                             f"weather.intensity={before}")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"yours 0\.6, theirs 0\.4 by \S+ at \d\d:\d\d:\d\dZ, tick \d+")
        code, _, err = qdctl(*self.agent, "params", "push", "weather.intensity=0.7", "--process", "server-2", "--expect",
                             f"weather.intensity={before}")
        self.assertEqual(code, 1)
        self.assertRegex(err, r"yours 0\.7, theirs 0\.4 by ")

    def test_staged_edits_of_a_console_vanish_with_it(self):
        stub = rpc.AgentStub(grpc.insecure_channel(self.stage.agent))
        item = pb.SharedItem(key="staged/ann", value=b'[{"process":"server-1","name":"npc.density","from":"1","to":"2"}]',
                             who=b"ann")
        stub.PutShared(pb.PutSharedRequest(item=item, ttl_ns=2_000_000_000))
        there = lambda: [i.who for i in stub.GetShared(pb.GetSharedRequest(prefix="staged/")).items]
        self.assertEqual(there(), [b"ann"])
        eventually(lambda: there() == [], 20)


class Etcd:
    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        def port():
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                return probe.getsockname()[1]

        self.endpoint = f"127.0.0.1:{port()}"
        peer = f"http://127.0.0.1:{port()}"
        self.process = subprocess.Popen(
            ["etcd", "--data-dir", os.path.join(self.folder, "etcd"), "--listen-client-urls", f"http://{self.endpoint}",
             "--advertise-client-urls", f"http://{self.endpoint}", "--listen-peer-urls", peer, "--initial-advertise-peer-urls",
             peer, "--initial-cluster", f"default={peer}", "--unsafe-no-fsync"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@unittest.skipUnless(shutil.which("etcd"), "etcd-server is not installed")
class AuditHead(unittest.TestCase):
    def verify(self, agent):
        return qdctl("--agent", agent.agent, "audit", "verify")

    def cut(self, keep_head):
        with tempfile.TemporaryDirectory() as folder, Etcd(folder) as etcd:
            path = os.path.join(folder, "data", "audit.jsonl")
            with Agent(folder, "--etcd", etcd.endpoint) as agent:
                game = agent.game("--id", "server-1")
                try:
                    eventually(lambda: qdctl("--agent", agent.agent, "params", "get", "npc.density")[0] == 0, 30)
                    for n in range(3):
                        qdctl_json("--agent", agent.agent, "params", "set", f"npc.density={1.5 + n / 10}")
                    eventually(lambda: "as the shared head says" in self.verify(agent)[1], 30)
                    time.sleep(2.5)  # the shared head follows once a second
                finally:
                    game.send_signal(signal.SIGKILL)
                    game.wait()
            lines = open(path).read().splitlines()
            with open(path, "w") as file:
                file.write("\n".join(lines[:-2]) + "\n")
            if not keep_head:
                os.remove(os.path.join(folder, "data", "audit.head"))
            with Agent(folder, "--etcd", etcd.endpoint) as agent:
                eventually(lambda: self.verify(agent)[0] == 1, 20)
                self.assertIn("damaged" if keep_head else "head", self.verify(agent)[2])

    def test_a_cut_is_found_by_the_agent_itself(self):
        self.cut(keep_head=True)

    def test_a_cut_is_found_by_the_head_in_etcd(self):
        self.cut(keep_head=False)


if __name__ == "__main__":
    unittest.main()
