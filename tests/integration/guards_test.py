# SPDX-License-Identifier: Apache-2.0
"""Two real agents with a game each: guards over both with the console killed and with the coordinator killed, experiments
over both, a value that a game dies of while no agent runs, and what an agent itself insists on."""
import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

import grpc
from harness import Agent, BIN, eventually, pb, qdctl, qdctl_json, rpc

CONFIRM = re.compile(r'--confirm "([^"]+)"')


class Guarded(unittest.TestCase):
    """Two agents with a game each, whose tick lasts 20 ms longer with every npc.density above 1."""
    TICKS = 60  # of the guard

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.agents, self.games, self.addresses = [], [], []
        for n in (1, 2):
            folder = self.stack.enter_context(tempfile.TemporaryDirectory())
            self.agents.append(self.stack.enter_context(Agent(folder)))
            self.begin(n)
        self.addresses = [word for agent in self.agents for word in ("--agent", agent.agent)]
        eventually(lambda: [self.density(n) for n in (1, 2)] == [1, 1], 30)

    def tearDown(self):
        for game in self.games:
            game.kill()
            game.wait()
        self.stack.close()

    def begin(self, n):
        self.games.append(self.agents[n - 1].game("--guarded", "--id", f"server-{n}"))

    def density(self, n):
        code, out, _ = qdctl("--json", "--agent", self.agents[n - 1].agent, "params", "get", "npc.density")
        return json.loads(out)["parameters"][0]["value"] if code == 0 else None

    def rollout(self, change):
        """A console that follows a rollout to both, guarded by what both come to together."""
        console = subprocess.Popen([BIN / "qdctl", *self.addresses, "rollout", "start", "npc.density=2", "--id", change, "--wave",
                                    "100%:60s", "--guard", f"together mean tick.duration > 10 ms for {self.TICKS} ticks",
                                    "--process", "server-1", "--process", "server-2"], stdout=subprocess.DEVNULL)
        self.stack.callback(lambda: (console.kill(), console.wait()))
        eventually(lambda: [self.density(n) for n in (1, 2)] == [2, 2], 20)
        return console

    def ticks(self, n, change):
        """At which the values came, and went."""
        pushes = qdctl_json("--agent", self.agents[n - 1].agent, "params", "history", "npc.density")["pushes"]
        return [p["tick"] for p in pushes if p["push"].startswith(change + ".") and p["status"] == "applied"]

    def test_a_group_guard_needs_no_console(self):
        console = self.rollout("g-console")
        console.send_signal(signal.SIGKILL)
        eventually(lambda: [self.density(n) for n in (1, 2)] == [1, 1], 20)
        came, went = zip(*(self.ticks(n, "g-console") for n in (1, 2)))
        late = max(back - there - self.TICKS for there, back in zip(came, went)) / 60
        print("console killed: back %.2f s after the group's breach" % late)
        self.assertLess(late, 2)
        (end,) = qdctl_json("--agent", self.agents[0].agent, "rollout", "list")["changes"]
        self.assertIn("over all touched", end["reason"])

    def test_a_change_goes_back_without_its_coordinator(self):
        self.rollout("g-home")
        stub = rpc.AgentStub(grpc.insecure_channel(self.agents[1].agent))

        def there():
            for change in stub.Describe(pb.DescribeRequest(), timeout=5).parameters:
                for value in change.values:
                    if value.name == b"npc.density":
                        return value.value.double_value

        self.assertEqual(there(), 2)
        self.agents[0].process.kill()
        killed = time.monotonic()
        while there() != 1:
            self.assertLess(time.monotonic() - killed, 10)
            time.sleep(0.01)
        print("coordinator killed: back %.2f s after its end at the other agent" % (time.monotonic() - killed))
        self.assertLess(time.monotonic() - killed, 2)
        self.agents[0].process.wait()
        with Agent(self.agents[0].folder) as again:
            self.agents[0].agent = again.agent
            eventually(lambda: self.density(1) == 1, 20)  # what only it could take back, it does when it has come back

    def test_a_value_that_a_game_dies_of_unseen_is_not_given_to_it_again(self):
        at = ("--agent", self.agents[0].agent)
        qdctl_json(*at, "params", "set", "npc.density=1.5", "--process", "server-1")
        self.agents[0].process.kill()
        self.agents[0].process.wait()
        self.games[0].kill()
        self.games[0].wait()
        with Agent(self.agents[0].folder) as again:
            self.agents[0].agent = again.agent
            at = ("--agent", again.agent)
            self.games.append(again.game("--guarded", "--id", "server-1"))
            drift = lambda: [(d["live"], d["wanted"]) for d in qdctl_json(*at, "params", "drift")["drift"]]
            eventually(lambda: drift() == [(1, 1.5)], 20)
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "audit.jsonl")
                qdctl_json(*at, "audit", "export", "--out", path)
                with open(path) as file:
                    self.assertIn("server-1 ended within a minute of getting values", file.read())
            self.assertEqual(self.density(1), 1)

    def test_an_experiment_spans_agents_and_each_restores_its_own(self):
        end = qdctl_json(*self.addresses, "experiment", "start", "npc.density=1.2", "--name", "more of them", "--hypothesis",
                         "a tick stays below 10 ms", "--refuted-by", "mean tick.duration > 10 ms for 60 ticks", "--abort",
                         "mean tick.duration > 50 ms for 60 ticks", "--for", "3s", "--process", "server-1", "--process",
                         "server-2")
        self.assertEqual((end["outcome"], end["restored"]), ("held", "reverted, recovered"), end)
        self.assertEqual({t["process"]: t["state"] for t in end["targets"]}, {"server-1": "reverted", "server-2": "reverted"})
        for m in end["measures"]:
            self.assertEqual([round(m[when], 3) for when in ("before", "during", "after")], [2, 6, 2], m)
        self.assertEqual(len(end["measures"]), 4)
        self.assertEqual([self.density(n) for n in (1, 2)], [1, 1])

    def test_what_is_dangerous_is_confirmed_at_the_agent(self):
        stub = rpc.AgentStub(grpc.insecure_channel(self.agents[0].agent))

        def push(value, **more):
            request = pb.PushRequest(push_id=f"d-{value}-{len(more)}", process_ids=["server-1"], **more)
            request.assignments.add(name=b"server.risky").value.double_value = value
            return stub.Push(request, timeout=10).results[0].status

        for more, says in (({}, "say why"), ({"comment": b"why"}, '"server-1"'),
                           ({"comment": b"why", "confirmed": b"server-2"}, '"server-2" does not')):
            with self.assertRaises(grpc.RpcError) as refused:
                push(2, **more)
            self.assertIn(says, refused.exception.details())
        at = ("--agent", self.agents[0].agent)
        code, _, err = qdctl(*at, "params", "set", "server.risky=1.5", "--comment", "why")
        self.assertEqual(code, 1)
        done = qdctl_json(*at, "params", "set", "server.risky=1.5", "--comment", "why", "--confirm", CONFIRM.search(err).group(1))
        qdctl_json(*at, "params", "revert", done["push"])  # what was confirmed goes back without another word
        self.assertEqual(qdctl_json(*at, "params", "get", "server.risky")["parameters"][0]["value"], 1)
        self.assertEqual(push(1.7, comment=b"why", confirmed=b"server-1"), pb.PUSH_APPLIED)


if __name__ == "__main__":
    unittest.main()
