# SPDX-License-Identifier: Apache-2.0
"""The connection is cut between push and acknowledgement, a hundred times at random moments: the outcome is known in the
end, and nothing is applied twice. A real agent and a real game; only the wire between is ours to cut."""
import os
import random
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import grpc

from harness import BIN, eventually, pb, rpc

CUTS = int(os.environ.get("QD_CUTS", "100"))


class Wire:
    """A TCP proxy to one agent that can be cut."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.pairs = []
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            with self.lock:
                self.pairs.append((near, far))
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass

    def cut(self):
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()

    def close(self):
        self.listener.close()
        self.cut()


class Cuts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="qd-cuts-")
        probe = self.folder.name + "/probe.sock"
        self.agent = subprocess.Popen([BIN / "quarterdeckd", "--listen", "127.0.0.1:0", "--socket", probe, "--data",
                                       self.folder.name + "/data"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        import json
        self.port = int(json.loads(self.agent.stdout.readline())["listen"].rsplit(":", 1)[1])
        self.game = subprocess.Popen([BIN.parent / "tests" / "quarterdeck-test-game", "--id", "server-1"],
                                     env=dict(os.environ, QUARTERDECK_SOCKET=probe), stdout=subprocess.DEVNULL)
        self.direct = rpc.AgentStub(grpc.insecure_channel("127.0.0.1:%d" % self.port))
        eventually(lambda: self.version() > 0, 30)

    def tearDown(self):
        for child in (self.game, self.agent):
            child.kill()
            child.wait()
        self.agent.stdout.close()
        self.folder.cleanup()

    def live(self):
        for change in self.direct.Describe(pb.DescribeRequest(), timeout=10).parameters:
            for value in change.values:
                if value.name == b"npc.density":
                    return value
        return pb.ParameterValue()

    def version(self):
        return self.live().version

    def settle(self, push_id):
        """What a console does: asks until it knows. Never assumes."""
        while True:
            try:
                answer = self.direct.GetPush(pb.GetPushRequest(push_id=push_id, settle=True), timeout=10)
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.NOT_FOUND:
                    return None  # it never arrived, and is refused from now on
                raise
            status = answer.results[0].status
            if status in (pb.PUSH_APPLIED, pb.PUSH_REJECTED):
                return answer.results[0]
            time.sleep(0.05)

    def test_outcomes_are_known_and_nothing_is_applied_twice(self):
        random.seed(7)
        wire = Wire(self.port)
        applied, lost, never, acknowledged = 0, 0, 0, 0
        results = {}
        for i in range(CUTS):
            channel = grpc.insecure_channel(wire.address, options=[("grpc.enable_retries", 0)])
            stub = rpc.AgentStub(channel)
            push_id = "cut-%d" % i
            request = pb.PushRequest(push_id=push_id, process_ids=["server-1"], who=b"test")
            request.assignments.add(name=b"npc.density").value.double_value = (i + 1) / 1000
            grpc.channel_ready_future(channel).result(timeout=10)
            call = stub.Push.future(request, timeout=10)
            time.sleep(random.random() * 0.03)
            wire.cut()
            try:
                result = call.result().results[0]
                acknowledged += 1
            except grpc.RpcError:
                lost += 1
                result = self.settle(push_id)
            never += result is None
            if result is not None and result.status == pb.PUSH_APPLIED:
                applied += 1
                results[push_id] = result
                # Again, as a client would that is not sure: it must not be done again.
                again = self.direct.Push(request, timeout=10).results[0]
                self.assertEqual(again.tick, result.tick)
                self.assertEqual(again.parameters[0].version, result.parameters[0].version)
            elif result is None:
                # Late on its way: refused, whatever the wire still holds.
                late = self.direct.Push(request, timeout=10).results[0]
                self.assertEqual(late.status, pb.PUSH_REJECTED)
            channel.close()
        wire.close()
        print("cuts %d: %d answers lost, %d never arrived, %d applied" % (CUTS, lost, never, applied))
        self.assertGreater(lost, 0, "no cut fell between push and answer: nothing was tested")
        self.assertEqual(lost + acknowledged, CUTS)
        eventually(lambda: self.version() == 1 + applied, 10)  # each applied push made one version, none made two
        newest = max(results.values(), key=lambda r: r.parameters[0].version)
        self.assertEqual(self.live().value.double_value, newest.parameters[0].new_value.double_value)


if __name__ == "__main__":
    unittest.main()
