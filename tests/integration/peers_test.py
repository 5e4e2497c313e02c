# SPDX-License-Identifier: Apache-2.0
"""The wire as others see it: a client and agents in another language, made from the .proto alone."""
import csv
import io
import json
import tempfile
import unittest
from pathlib import Path

import grpc

from agents import HostileAgent, PoliteAgent, malformed_batches
from harness import Peer, Stage, pb, qdctl, rpc


def stub(address):
    channel = grpc.insecure_channel(address)
    return channel, rpc.AgentStub(channel)


class ForeignClient(unittest.TestCase):
    def test_reads_a_stage(self):
        with Stage("--servers", "1", "--bots", "8", "--for", "60s") as stage:
            channel, agent = stub(stage.agent)
            with channel:
                described = agent.Describe(pb.DescribeRequest(), timeout=10)
                self.assertEqual(described.protocol, 1)
                ids = {p.id for p in described.processes}
                self.assertEqual(ids, {"server-1", "editor-1"})
                names = {(p.id, s.index): bytes(s.name) for p in described.processes for s in p.series}
                ticks, previous = [], None
                stream = agent.Subscribe(pb.SubscribeRequest(process_globs=["server-1"]), timeout=60)
                for batch in stream:
                    if batch.sequence:
                        if previous is not None:
                            self.assertEqual(batch.previous, previous)
                        previous = batch.sequence
                    if batch.WhichOneof("content") != "samples":
                        continue
                    rows, tick = [], 0
                    for delta in batch.samples.tick_deltas:
                        tick += delta
                        rows.append(tick)
                    for column in batch.samples.columns:
                        if names.get(("server-1", column.series)) == b"tick.duration":
                            at = column.rows or range(len(column.integers))
                            ticks += [rows[i] for i in at]
                    if len(ticks) > 120:
                        break
                stream.cancel()
                self.assertEqual(ticks, list(range(ticks[0], ticks[0] + len(ticks))), "one sample for each tick, in order")

    def test_reflection_is_on(self):
        with Stage("--servers", "1", "--bots", "0", "--editors", "0", "--for", "60s") as stage:
            with grpc.insecure_channel(stage.agent) as channel:
                call = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
                answer = next(call(iter([b"\x3a\x00"]), timeout=10))  # list_services: ""
                self.assertIn(b"quarterdeck.v1.Agent", answer)


class ForeignAgent(unittest.TestCase):
    def record(self, addresses, seconds="3s"):
        folder = tempfile.mkdtemp(prefix="qd-peer-")
        path = Path(folder) / "peer.qdrec"
        agents = [word for address in addresses for word in ("--agent", address)]
        code, _, err = qdctl(*agents, "record", "--out", path, "--for", seconds)
        self.assertEqual(code, 0, err)
        code, out, err = qdctl("--json", "verify", path)
        self.assertEqual(code, 0, err)
        self.assertTrue(json.loads(out)["ok"])
        return path

    def export(self, path, process, series):
        code, out, err = qdctl("export", path, "--format", "csv", "--series", series)
        self.assertEqual(code, 0, err)
        return {int(row["tick"]): row["value"] for row in csv.DictReader(io.StringIO(out)) if row["process"] == process}

    def test_describe(self):
        with Peer(PoliteAgent()) as peer:
            code, out, err = qdctl("--agent", peer.agent, "--json", "describe")
            self.assertEqual(code, 0, err)
            (agent,) = json.loads(out)["agents"]
            (process,) = agent["processes"]
            self.assertEqual(process["id"], "py-server")
            self.assertEqual({s["name"] for s in process["series"]}, {"tick.duration", "load"})

    def test_what_it_sends_is_recorded_bit_for_bit(self):
        service = PoliteAgent()
        with Peer(service) as peer:
            path = self.record([peer.agent])
        integers, doubles = self.export(path, "py-server", "tick.duration"), self.export(path, "py-server", "load")
        self.assertGreater(len(doubles), 60)
        for tick, text in doubles.items():
            self.assertEqual(float(text), service.sent[tick][1])
        for tick, text in integers.items():
            self.assertEqual(round(float(text) * 1e6), service.sent[tick][0])

    def test_a_hostile_one_harms_nobody(self):
        polite, hostile = PoliteAgent(process_id="polite"), HostileAgent(malformed_batches())
        with Peer(polite) as good, Peer(hostile) as bad:
            path = self.record([good.agent, bad.agent], "4s")
        code, out, _ = qdctl("--json", "info", path)
        self.assertEqual(code, 0)
        doubles = self.export(path, "polite", "load")
        wrong = [t for t, v in doubles.items() if t in polite.sent and float(v) != polite.sent[t][1]]
        self.assertGreater(len(doubles), 60)
        self.assertEqual(wrong, [])

    def test_a_huge_message_is_refused_with_a_sentence(self):
        huge = pb.Batch(sequence=2, previous=1)
        huge.log.text = b"x" * (32 << 20)
        polite = PoliteAgent(process_id="polite")
        with Peer(polite) as good, Peer(HostileAgent([huge])) as bad:
            path = self.record([good.agent, bad.agent], "3s")
        self.assertGreater(len(self.export(path, "polite", "load")), 40)

    def test_nobody_there(self):
        code, _, err = qdctl("--agent", "127.0.0.1:1", "describe")
        self.assertEqual(code, 1)
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertIn("127.0.0.1:1", err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
