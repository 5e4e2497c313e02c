# SPDX-License-Identifier: Apache-2.0
"""TLS from the first certificate to the last refusal: real agent, real game, certificates made by `qdctl pki`."""
import json
import os
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import grpc

from harness import BIN, eventually, pb, qdctl, rpc

REFUSED_WITHIN = 10  # seconds
NOT_PERMITTED = "does not permit this"


class Cluster:
    """One agent that demands client certificates, one game server, and the certificates of everybody."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="qd-tls-")
        self.path = Path(self.folder.name)
        self.make_authority("pki")
        self.issue("game", "agent", "--host", "127.0.0.1", "--host", "game-1.example")
        for role in ("viewer", "operator", "debugger"):
            self.issue(role, role)
        self.make_authority("stranger")
        self.issue("debugger", "debugger", folder="stranger")
        tls = ["--tls-cert", self.file("game.pem"), "--tls-key", self.file("game.key"), "--client-ca", self.file("ca.pem")]
        self.daemon = subprocess.Popen([BIN / "quarterdeckd", "--listen", "127.0.0.1:0", "--socket", self.path / "probe.sock",
                                        *tls], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.agent = json.loads(self.daemon.stdout.readline())["listen"]
        self.game = subprocess.Popen([BIN / "quarterdeck-stage-server", "--id", "server-1", "--socket", self.path / "probe.sock"],
                                     stdout=subprocess.DEVNULL)
        eventually(lambda: self.states() == {"server-1": "running"}, 20)

    def close(self):
        codes = []
        for process in (self.game, self.daemon):
            process.send_signal(signal.SIGTERM)
            codes.append(process.wait(20))
        self.daemon.stdout.close()
        self.folder.cleanup()
        return codes

    def file(self, name, folder="pki"):
        return str(self.path / folder / name)

    def make_authority(self, folder):
        code, _, err = qdctl("pki", "init", "--dir", self.path / folder)
        assert code == 0, err

    def issue(self, name, role, *more, folder="pki"):
        code, _, err = qdctl("pki", "issue", name, "--dir", self.path / folder, "--role", role, *more)
        assert code == 0, err

    def ctl(self, who, *args):
        """qdctl with the certificate of `who`."""
        return qdctl("--agent", self.agent, "--ca", self.file("ca.pem"), "--cert", self.file(f"{who}.pem"), "--key",
                     self.file(f"{who}.key"), "--json", *args)

    def describe(self):
        code, out, _ = self.ctl("viewer", "describe")
        return json.loads(out)["agents"][0]["processes"] if code == 0 else []

    def states(self):
        return {p["id"]: p["state"] for p in self.describe()}


def setUpModule():
    global cluster
    cluster = Cluster()


def tearDownModule():
    assert cluster.close() == [0, 0], "game and agent end in order"


class Roles(unittest.TestCase):
    def succeed(self, who, *args):
        code, out, err = cluster.ctl(who, *args)
        self.assertEqual(code, 0, f"{who}: {args}: {err}")
        return json.loads(out)

    def fail_for(self, who, role, *args):
        code, out, err = cluster.ctl(who, *args)
        self.assertEqual(code, 1, f"{who}: {args}: {out}")
        sentence = err + out
        self.assertIn(NOT_PERMITTED, sentence)
        self.assertIn(f"needs {role}", sentence)
        self.assertLessEqual(len(err.strip().splitlines()), 1, err)

    def parameter(self, name):
        return next(p for p in cluster.describe()[0]["parameters"] if p["name"] == name)

    def test_viewer_reads_and_records_and_pushes_nothing(self):
        out = cluster.path / "viewer.qdrec"
        self.succeed("viewer", "describe")
        self.succeed("viewer", "break", "list")
        self.succeed("viewer", "record", "--out", out, "--for", "2s")
        code, stats, err = qdctl("--json", "stats", out, "--series", "tick.duration")
        self.assertEqual(code, 0, err)
        self.assertGreater(json.loads(stats)["series"][0]["n"], 60)
        before = self.parameter("npc.density")
        self.fail_for("viewer", "operator", "params", "set", "npc.density=2.5")
        self.assertEqual(self.parameter("npc.density"), before)
        self.fail_for("viewer", "debugger", "break", "set", "tick.begin", "--process", "server-1")

    def test_operator_pushes_and_stops_nothing(self):
        pushed = self.succeed("operator", "params", "set", "npc.density=1.5")
        self.assertEqual([r["status"] for r in pushed["results"]], ["applied"])
        self.assertEqual(self.parameter("npc.density")["value"], 1.5)
        self.fail_for("operator", "debugger", "break", "set", "tick.begin", "--process", "server-1")
        self.assertEqual(cluster.states(), {"server-1": "running"})

    def test_debugger_stops_and_continues(self):
        self.succeed("debugger", "break", "set", "tick.begin", "--process", "server-1")
        hit = self.succeed("debugger", "break", "wait", "--for", "10s")
        self.assertEqual([(m["process"], m["state"]) for m in hit["members"]], [("server-1", "stopped")])
        self.succeed("debugger", "break", "remove", hit["breakpoint"])
        self.succeed("debugger", "break", "continue")
        eventually(lambda: cluster.states() == {"server-1": "running"}, 10)


class Refusals(unittest.TestCase):
    def refused(self, expected, *args):
        """One sentence, soon, exit code 1."""
        began = time.monotonic()
        code, out, err = qdctl(*args, "describe")
        self.assertLess(time.monotonic() - began, REFUSED_WITHIN)
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertIn(expected, err)

    def test_a_client_without_tls(self):
        self.refused("may demand TLS", "--agent", cluster.agent)

    def test_a_client_without_a_certificate(self):
        self.refused("refuse this certificate", "--agent", cluster.agent, "--ca", cluster.file("ca.pem"))

    def test_a_certificate_of_another_authority(self):
        self.refused("refuse this certificate", "--agent", cluster.agent, "--ca", cluster.file("ca.pem"), "--cert",
                     cluster.file("debugger.pem", "stranger"), "--key", cluster.file("debugger.key", "stranger"))

    def test_an_agent_of_another_authority(self):
        self.refused("not from the CA given", "--agent", cluster.agent, "--ca", cluster.file("ca.pem", "stranger"), "--cert",
                     cluster.file("debugger.pem", "stranger"), "--key", cluster.file("debugger.key", "stranger"))

    def test_an_agent_of_another_name(self):
        mine = ["--agent", cluster.agent, "--ca", cluster.file("ca.pem"), "--cert", cluster.file("viewer.pem"), "--key",
                cluster.file("viewer.key")]
        self.refused("another name", *mine, "--server-name", "game-2.example")
        code, _, err = qdctl(*mine, "--server-name", "game-1.example", "describe")
        self.assertEqual(code, 0, err)

    def test_files_that_do_not_fit(self):
        ca = ["--agent", cluster.agent, "--ca", cluster.file("ca.pem")]
        self.refused("does not belong to", *ca, "--cert", cluster.file("viewer.pem"), "--key", cluster.file("operator.key"))
        self.refused("No such file", "--agent", cluster.agent, "--ca", cluster.file("nowhere.pem"))
        self.refused("holds no PEM certificate", "--agent", cluster.agent, "--ca", cluster.file("ca.key"))

    def test_another_language_is_refused_too(self):
        with grpc.insecure_channel(cluster.agent) as channel:
            with self.assertRaises(grpc.RpcError) as raised:
                rpc.AgentStub(channel).Describe(pb.DescribeRequest(), timeout=REFUSED_WITHIN)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAVAILABLE)


class Daemon(unittest.TestCase):
    def refuses_to_start(self, expected, *args):
        done = subprocess.run([BIN / "quarterdeckd", "--socket", cluster.path / "second.sock", *args], capture_output=True,
                              text=True, timeout=REFUSED_WITHIN)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertIn(expected, done.stderr)

    def test_plaintext_is_served_on_loopback_only(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:7400"):
            self.refuses_to_start("plaintext is served on loopback only", "--listen", address)

    def test_half_of_tls_is_no_tls(self):
        self.refuses_to_start("all three", "--listen", "127.0.0.1:0", "--tls-cert", cluster.file("game.pem"))
        self.refuses_to_start("does not belong to", "--listen", "127.0.0.1:0", "--tls-cert", cluster.file("game.pem"),
                              "--tls-key", cluster.file("viewer.key"), "--client-ca", cluster.file("ca.pem"))

    def presented(self):
        host, port = cluster.agent.rsplit(":", 1)
        return ssl.get_server_certificate((host, int(port)), timeout=REFUSED_WITHIN)

    def test_a_renewed_certificate_is_presented_and_streams_run_on(self):
        out = cluster.path / "renewal.qdrec"
        recording = subprocess.Popen([BIN / "qdctl", "--agent", cluster.agent, "--ca", cluster.file("ca.pem"), "--cert",
                                      cluster.file("viewer.pem"), "--key", cluster.file("viewer.key"), "record", "--out", out],
                                     stdout=subprocess.DEVNULL)
        eventually(out.exists, 10)
        before = self.presented()
        cluster.issue("renewed", "agent", "--host", "127.0.0.1", "--host", "game-1.example")
        os.rename(cluster.file("renewed.key"), cluster.file("game.key"))
        os.rename(cluster.file("renewed.pem"), cluster.file("game.pem"))
        eventually(lambda: self.presented() != before, 20)
        self.assertEqual(self.presented().strip(), Path(cluster.file("game.pem")).read_text().strip())
        recording.send_signal(signal.SIGINT)
        self.assertEqual(recording.wait(20), 0)
        code, info, err = qdctl("--json", "info", out)
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(info)["gaps"], 0)


class OtherAgent:
    """A second agent of the cluster, with a server of its own and a certificate of that role."""

    def __init__(self, name, role):
        cluster.issue(name, role, "--host", "127.0.0.1")
        socket = cluster.path / f"{name}.sock"
        tls = ["--tls-cert", cluster.file(f"{name}.pem"), "--tls-key", cluster.file(f"{name}.key"), "--client-ca", cluster.file("ca.pem")]
        self.daemon = subprocess.Popen([BIN / "quarterdeckd", "--listen", "127.0.0.1:0", "--socket", socket, *tls],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.agent = json.loads(self.daemon.stdout.readline())["listen"]
        self.game = subprocess.Popen([BIN / "quarterdeck-stage-server", "--id", f"{name}-server", "--socket", socket],
                                     stdout=subprocess.DEVNULL)
        eventually(lambda: f"{name}-server" in self.states(), 20)

    def states(self):
        code, out, _ = cluster.ctl("viewer", "--agent", self.agent, "describe")
        return {p["id"]: p["state"] for a in json.loads(out)["agents"] for p in a.get("processes", [])} if code == 0 else {}

    def close(self):
        for process in (self.game, self.daemon):
            process.terminate()
            process.wait(20)
        self.daemon.stdout.close()


class AgentsAmongThemselves(unittest.TestCase):
    def link(self, other, *members):
        return cluster.ctl("debugger", "--agent", other.agent, "break", "link", *members)

    def test_an_agent_lends_to_an_agent(self):
        other = OtherAgent("second", "agent")
        try:
            code, out, err = self.link(other, "server-1", "second-server")
            self.assertEqual(code, 0, err)
            group = json.loads(out)["group"]
            code, _, err = cluster.ctl("debugger", "break", "pause")
            self.assertEqual(code, 0, err)
            eventually(lambda: set(other.states().values()) == {"parked"}, 10)
            code, _, err = cluster.ctl("debugger", "break", "continue")
            self.assertEqual(code, 0, err)
            eventually(lambda: set(other.states().values()) == {"running"}, 10)
            code, _, err = cluster.ctl("debugger", "break", "unlink", "--group", group)
            self.assertEqual(code, 0, err)
        finally:
            other.close()

    def test_a_certificate_without_the_role_borrows_nothing(self):
        weak = OtherAgent("weak", "operator")
        try:
            code, _, err = self.link(weak, "weak-server", "server-1")  # its home would be the weak one
            self.assertEqual(code, 1)
            self.assertIn("this needs agent", err)
            self.assertEqual(len(err.strip().splitlines()), 1, err)
            self.assertEqual(weak.states()["server-1"], "running")
        finally:
            weak.close()


if __name__ == "__main__":
    unittest.main()
