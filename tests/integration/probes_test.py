# SPDX-License-Identifier: Apache-2.0
"""Games that cannot share memory with their agent: the probe over TCP, here and as a Windows program under Wine."""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from harness import BIN, Agent, eventually, qdctl, qdctl_json, stop_at_site

TESTS = BIN.parent / "tests"
TOKEN = "correct horse battery staple"
HELLO, STREAM, RECORDS = 1, 17, 18


def process(agent, name):
    for one in qdctl_json("--agent", agent, "describe")["agents"][0]["processes"]:
        if one["id"] == name and one["state"] != "gone":
            return one
    return None


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qd-probes-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.token = self.folder / "token"
        self.token.write_text(TOKEN + "\n")

    def agent(self, *args):
        made = Agent(self.folder, "--allow-debug", "--probe-listen", "127.0.0.1:0", *args)
        made.__enter__()
        self.addCleanup(made.__exit__)
        return made

    def start(self, command, address, token=TOKEN, **environment):
        made = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                env={**os.environ, "QUARTERDECK_SOCKET": f"tcp:{address}", "QUARTERDECK_TOKEN": token,
                                     **environment})
        self.addCleanup(made.stdout.close)
        self.addCleanup(made.wait)
        self.addCleanup(made.kill)
        return made

    def plays(self, agent, name):
        """Everything a probe does, once."""
        eventually(lambda: process(agent, name), 60)
        eventually(lambda: (process(agent, name) or {"tick": 0})["tick"] > 30, 30)
        series = {one["name"] for one in process(agent, name)["series"]}
        self.assertLessEqual({"tick.duration", "npc.count"}, series)
        pushed = qdctl_json("--agent", agent, "params", "set", "npc.density=2", "--process", name)["results"][0]
        self.assertEqual(pushed["status"], "applied")
        self.assertGreater(pushed["tick"], 0)
        refused = qdctl("--agent", agent, "--json", "params", "set", "npc.density=9", "--process", name)
        self.assertEqual(refused[0], 1)
        recording = self.folder / f"{name}.qdrec"
        qdctl_json("--agent", agent, "record", "--out", recording, "--for", "2s")
        stats = {one["name"]: one for one in qdctl_json("stats", recording, "--series", "npc.count")["series"]}
        self.assertEqual(stats["npc.count"]["min"], 200)  # what was pushed is what it runs with
        self.assertEqual(stats["npc.count"]["max"], 209)
        self.assertGreater(stats["npc.count"]["n"], 20)
        self.assertEqual(qdctl_json("info", recording)["gaps"], 0)
        self.stops(agent, name)

    def stops(self, agent, name):
        hit = stop_at_site(agent, "combat.hit", name, 30, "--if", "victim == 3", hold="1s")
        self.assertEqual((hit["state"], hit["leader"], hit["tick"] % 8), ("stopped", name, 3))
        self.assertEqual(hit["members"][0]["locals"], {"victim": 3, "damage": hit["tick"] % 100})
        self.assertEqual(process(agent, name)["state"], "parked")
        qdctl_json("--agent", agent, "break", "continue")
        eventually(lambda: (process(agent, name) or {"tick": 0})["tick"] > hit["tick"], 20)


class Native(Folder):
    def test_does_over_tcp_what_it_does_in_shared_memory(self):
        agent = self.agent("--probe-token-file", self.token)
        self.start([TESTS / "probe-example", "far-1"], agent.ready["probe_listen"])
        self.plays(agent.agent, "far-1")

    def test_a_wrong_token_is_refused_and_said(self):
        agent = self.agent("--probe-token-file", self.token)
        self.start([TESTS / "probe-example", "stranger"], agent.ready["probe_listen"], "some other token")
        self.start([TESTS / "probe-example", "friend"], agent.ready["probe_listen"])
        eventually(lambda: process(agent.agent, "friend"), 20)
        self.assertIsNone(process(agent.agent, "stranger"))

    def test_off_loopback_needs_a_token(self):
        done = subprocess.run([str(BIN / "quarterdeckd"), "--listen", "127.0.0.1:0", "--socket", str(self.folder / "s"),
                               "--probe-listen", "0.0.0.0:0"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--probe-token-file", done.stderr)

    def test_a_parked_game_runs_again_when_its_agent_dies_and_comes_back_to_the_next(self):
        agent = self.agent("--probe-token-file", self.token)
        address = agent.ready["probe_listen"]
        game = self.start([TESTS / "probe-example", "far-2"], address)
        eventually(lambda: process(agent.agent, "far-2"), 20)
        qdctl_json("--agent", agent.agent, "break", "set", "combat.hit", "--process", "far-2")
        qdctl_json("--agent", agent.agent, "break", "wait", "--for", "20s", "--hold", "10s")
        agent.process.kill()
        agent.process.wait()
        parked = json.loads(game.stdout.readline())  # it says how long it stood
        self.assertGreater(parked["parked_ns"], 1_000_000_000)
        self.assertLess(parked["parked_ns"], 15_000_000_000)
        again = Agent(self.folder, "--probe-listen", address, "--probe-token-file", self.token)
        again.__enter__()
        self.addCleanup(again.__exit__)
        eventually(lambda: process(again.agent, "far-2"), 20)
        eventually(lambda: process(again.agent, "far-2")["tick"] > parked["tick"] + 60, 20)

    def test_hostile_bytes_harm_nobody(self):
        agent = self.agent()
        address = agent.ready["probe_listen"]
        host, port = address.rsplit(":", 1)
        self.start([TESTS / "probe-example", "honest"], address, "")
        eventually(lambda: process(agent.agent, "honest"), 20)

        def frame(kind, payload):
            return struct.pack("<IHH", len(payload), kind, 0) + payload

        text = lambda raw: struct.pack("<H", len(raw)) + raw
        stream = lambda rings, count: frame(STREAM, text(b"n" * 32) + text(b"") + struct.pack("<QH", 7, count) + rings)
        ring = struct.pack("<6Q", 256, 4096, 0, 0, 0, 0)
        hello = frame(HELLO, struct.pack("<IHH", 0x31504451, 1, 1) + text(b"evil") + b"\x01" + text(b"") + text(b"") +
                      struct.pack("<d", 60) + text(b"") * 3 + struct.pack("<QIQQQ", 7, 1, 1, 1, 0) + text(b"c") + b"\0\0")
        records = lambda index, first, count: frame(RECORDS, struct.pack("<IQI", index, first, count) + bytes(16))
        attacks = [
            b"GET / HTTP/1.1\r\n\r\n", hello, stream(b"", 0), stream(ring * 17, 17), stream(ring, 60_000),
            stream(struct.pack("<6Q", 2**40, 2**40, 0, 0, 0, 0), 1), stream(struct.pack("<6Q", 257, 4096, 0, 0, 0, 0), 1),
            stream(ring, 1) + hello + frame(RECORDS, b""),
            stream(ring, 1) + hello + frame(8, b"") + records(3, 0, 1),
            stream(ring, 1) + hello + frame(8, b"") + records(0, 2**63, 1),
            stream(ring, 1) + hello + frame(8, b"") + records(0, 0, 2**31),
            stream(ring, 1) + hello + frame(8, b"") + frame(19, struct.pack("<IQI", 0, 2**64 - 8, 4096) + bytes(4096)),
            stream(ring, 1) + stream(ring, 1),
        ]
        for attack in attacks:
            with socket.create_connection((host, int(port)), timeout=10) as peer:
                peer.sendall(attack)
                peer.settimeout(10)
                while peer.recv(65536):  # until the agent ends it
                    pass
        seen = process(agent.agent, "honest")["tick"]
        eventually(lambda: process(agent.agent, "honest")["tick"] > seen, 20)

    def test_an_agent_that_does_not_read_costs_samples_not_ticks(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        game = self.start([TESTS / "probe-example", "lonely", "4000", "200"], address, "")
        peer, _ = listener.accept()
        with peer:
            peer.sendall(struct.pack("<IHH", 34, 71, 0) + struct.pack("<H", 32) + bytes(32))
            peer.recv(1 << 16)
            peer.sendall(struct.pack("<IHH", 6, 64, 0) + struct.pack("<HH", 1, 2) + b"me")
            # Its ticks come to 45 MB of poses; it ends by itself, however long nobody reads them.
            self.assertEqual(game.wait(60), 0)


class Windows(Folder):
    def test_runs_under_wine_and_is_one_of_the_fleet(self):
        for needed in ("wine", "x86_64-w64-mingw32-gcc"):
            self.assertTrue(shutil.which(needed), f"{needed} is missing; ./dev setup installs it")
        program = TESTS / "probe-windows.exe"
        self.assertTrue(program.exists(), f"{program} is missing; ./dev build makes it")
        agent = self.agent("--probe-token-file", self.token)
        prefix = {"WINEPREFIX": str(self.folder / "wine"), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=",
                  "DISPLAY": ""}
        server = next(path for path in ("/usr/lib/wine/wineserver", "/usr/lib/wine/wineserver64") if Path(path).exists())
        for what in ("-w", "-k"):  # run the other way round: ends all of Windows, then waits for its last file
            self.addCleanup(subprocess.run, [server, what], env={**os.environ, **prefix}, check=False, timeout=60)
        self.start([shutil.which("wine"), program, "windows-1"], agent.ready["probe_listen"], **prefix)
        self.plays(agent.agent, "windows-1")
        clock = process(agent.agent, "windows-1")
        self.assertLess(abs(time.time() - clock["started"] / 1e9), 300)


if __name__ == "__main__":
    unittest.main(verbosity=2)
