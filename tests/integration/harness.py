# SPDX-License-Identifier: Apache-2.0
"""Programs of the product as child processes, and gRPC stubs made from the .proto alone.

QD_BIN_DIR and QD_SOURCE_DIR come from the environment (CTest sets them).
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent import futures
from pathlib import Path

import grpc

BIN = Path(os.environ["QD_BIN_DIR"])
SOURCE = Path(os.environ["QD_SOURCE_DIR"])


def stubs():
    """The generated modules (messages, services), made in a temporary folder."""
    out = tempfile.mkdtemp(prefix="qd-stubs-")
    proto = SOURCE / "proto"
    subprocess.run(["protoc", f"-I{proto}", f"--python_out={out}", f"--grpc_out={out}",
                    "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin",
                    str(proto / "quarterdeck/v1/quarterdeck.proto")], check=True)
    sys.path.insert(0, out)
    from quarterdeck.v1 import quarterdeck_pb2, quarterdeck_pb2_grpc

    return quarterdeck_pb2, quarterdeck_pb2_grpc


pb, rpc = stubs()


class Stage:
    """quarterdeck-stage as a context manager; .agent is the first agent's address, .ready the whole ready line."""

    def __init__(self, *args):
        self.args = args

    def __enter__(self):
        self.process = subprocess.Popen([str(BIN / "quarterdeck-stage"), *self.args], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, "the stage ended before it was ready"
        self.ready = json.loads(line)
        self.agent = self.ready["agent"]
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()


class Agent:
    """quarterdeckd alone, in a folder, as a context manager; .agent is its address."""

    def __init__(self, folder, *args):
        self.folder = Path(folder)
        self.socket = self.folder / "agent.sock"
        self.args = args

    def __enter__(self):
        self.process = subprocess.Popen([str(BIN / "quarterdeckd"), "--listen", "127.0.0.1:0", "--socket", str(self.socket),
                                         "--data", str(self.folder / "data"), *self.args], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, "the agent ended before it was ready"
        self.ready = json.loads(line)
        self.agent = re.search(r"127\.0\.0\.1:\d+", line).group()
        return self

    def game(self, *args):
        """The test game, attached to this agent."""
        return subprocess.Popen([str(BIN.parent / "tests" / "quarterdeck-test-game"), *args],
                                env={**os.environ, "QUARTERDECK_SOCKET": str(self.socket)})

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def qdctl(*args, timeout=60):
    """Runs qdctl; returns (exit code, stdout, stderr)."""
    done = subprocess.run([str(BIN / "qdctl"), *map(str, args)], capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


def qdctl_json(*args, expect=0):
    code, out, err = qdctl("--json", *args)
    assert code == expect, f"qdctl {' '.join(map(str, args))}: exit {code}: {err}"
    return json.loads(out) if out.strip() else {}


def stop_at_site(agent, site, process, after, *args, hold="2s"):
    """Arms the site so that it stops after `after` hits; returns the breakpoint's id and the stop as `break wait` saw it.
    The wait begins before: one that comes to a stopped group is not told the locals."""
    wait = subprocess.Popen([str(BIN / "qdctl"), "--agent", agent, "--json", "break", "wait", "--for", "30s", "--hold", hold],
                            stdout=subprocess.PIPE, text=True)
    try:
        made = qdctl_json("--agent", agent, "break", "set", site, "--process", process, "--after", after, *args)
        assert made["armed"], made
        hit = json.loads(wait.stdout.readline())
        qdctl_json("--agent", agent, "break", "remove", made["id"])
        wait.wait(60)
        return hit
    finally:
        wait.kill()
        wait.wait()
        wait.stdout.close()


def eventually(condition, seconds):
    """Waits until `condition()` is true, looking ten times a second; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"did not become true within {seconds} s"
        time.sleep(0.1)


def children_of(pid):
    """All descendants of a process."""
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            todo += [int(c) for c in task.read_text().split()]
        found.append(parent)
    return found[1:]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Peer:
    """An agent written from the .proto alone, on loopback; `service` is an rpc.AgentServicer."""

    def __init__(self, service):
        self.server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.max_send_message_length", 64 << 20)])
        rpc.add_AgentServicer_to_server(service, self.server)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.agent = f"127.0.0.1:{self.port}"

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(0).wait()
