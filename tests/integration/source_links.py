# SPDX-License-Identifier: Apache-2.0
"""A Go server under delve and a C++ process under lldb, linked, started by one script; and the Debug stream of their agent.
Run by itself it measures: how long after a hit on one side the other stands, and how long until both run again."""
import argparse
import faulthandler
import json
import os
import queue
import statistics
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import grpc

from harness import BIN, SOURCE, alive, children_of, pb, rpc

PROGRAMS = SOURCE / "tests/agent/debug/programs/linked"
GO_FILE, CPP_FILE = PROGRAMS / "main.go", PROGRAMS / "linked.cpp"
SERVER, CLIENT = "go-server", "cpp-client"


def say_where_after(seconds=240):
    """Should a test hang all the same: where, before CTest ends it without a word."""
    faulthandler.dump_traceback_later(seconds, exit=True)


def line_of(file, text):
    return 1 + next(i for i, line in enumerate(file.read_text().splitlines()) if text in line)


GO_LINE, CPP_LINE = line_of(GO_FILE, "here the server is stopped"), line_of(CPP_FILE, "here the process is stopped")


def tracer(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("TracerPid")))


def thread_states(pid):
    return {(Path(f"/proc/{pid}/task") / t / "stat").read_text().rsplit(")", 1)[1].split()[0] for t in os.listdir(f"/proc/{pid}/task")}


def end_of(process, within, what):
    """Its exit code. A traced process that was killed ends only when its debugger lets it: that is not waited for long."""
    try:
        return process.wait(within)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{what} (pid {process.pid}) has not ended within {within} s; tracer {tracer(process.pid)}") from None


class Console:
    """One Debug stream: sends commands, keeps what comes. What it waited for in vain it says with the story of `games`."""

    def __init__(self, address, games=None):
        self.games = games
        self.channel = grpc.insecure_channel(address)
        self.commands, self.next_id = queue.Queue(), 1
        self.changed = threading.Condition()
        self.replies, self.groups, self.hits, self.breakpoints, self.states = {}, {}, {}, {}, []
        self.broken = None
        self.call = rpc.AgentStub(self.channel).Debug(iter(self.commands.get, None))
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for event in self.call:
                with self.changed:
                    kind = event.WhichOneof("event")
                    if kind == "reply":
                        self.replies[event.reply.request_id] = event.reply
                    elif kind == "group":
                        self.groups[event.group.id] = event.group
                        self.states.append((time.monotonic_ns(), event.group))
                    elif kind == "hit":
                        self.hits[event.hit.id] = event.hit
                    elif kind == "breakpoint":
                        self.breakpoints[event.breakpoint.id] = event.breakpoint
                    self.changed.notify_all()
        except grpc.RpcError as error:
            with self.changed:
                self.broken = error
                self.changed.notify_all()

    def close(self):
        self.commands.put(None)
        self.channel.close()

    def until(self, condition, within=30, what="it"):
        """Waits for what `condition` gives, once it is true."""
        deadline = time.monotonic() + within
        with self.changed:
            while True:
                found = condition()
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self.broken:
                    raise AssertionError(f"waited {within} s for {what}: {self.broken or 'it did not come'}; "
                                         f"{[str(g) for g in self.groups.values()]}\n{self.games.story() if self.games else ''}")
                self.changed.wait(left)

    def send(self, **command):
        request = self.next_id
        self.next_id += 1
        self.commands.put(pb.DebugCommand(request_id=request, **command))
        return request

    def ask(self, within=30, **command):
        request = self.send(**command)
        reply = self.until(lambda: self.replies.pop(request, None), within, str(command))
        if not reply.ok:
            raise RuntimeError(reply.error.decode())
        return reply

    def renew(self):
        self.send(renew_lease=pb.RenewLease())

    def group(self):
        return next(iter(self.groups.values()), None)

    def arm(self, file, line, process, **more):
        wanted = pb.Breakpoint(kind=pb.Breakpoint.SOURCE, site=str(file).encode(), line=line, **{"enabled": True, **more})
        made = self.ask(set_breakpoint=pb.SetBreakpoint(breakpoint=wanted, process_ids=[process])).id
        return self.answered(made)

    def answered(self, made):
        """The breakpoint, once its process has said what it makes of it, or nobody asks it."""
        def found():
            known = self.breakpoints.get(made)
            open_ = (pb.BreakpointMember.SENT, pb.BreakpointMember.DRAFT)
            return known if known and (known.waiting or not known.enabled or known.members[0].ack not in open_) else None
        return self.until(found, 30, f"the answer to {made}")

    def switch_on(self, known):
        wanted = pb.Breakpoint()
        wanted.CopyFrom(known)
        wanted.enabled = True
        self.ask(set_breakpoint=pb.SetBreakpoint(breakpoint=wanted))

    def stopped(self, known, within=30):
        """The next stop that is not `known`, once everybody stands."""
        def found():
            g = self.group()
            return g if g and g.state == pb.LinkGroup.STOPPED and g.hit_id not in known else None
        return self.until(found, within, "a stop of all")

    def resume(self):
        """Runs all on; ns until the agent said that all run, or stand at the next hit."""
        group = self.group()
        epoch, began = group.epoch, time.monotonic_ns()
        self.send(resume=pb.GroupCommand())
        self.until(lambda: self.group().epoch > epoch, 30, "all to run on")
        with self.changed:
            return next(t for t, g in self.states if t >= began and g.epoch > epoch) - began


class LinkedGames:
    def __init__(self, once_in=4, seed=1, rules=(f"{SERVER}=dlv", f"{CLIENT}=lldb"), environment="", client="debug-linked-cpp"):
        self.folder = tempfile.TemporaryDirectory(prefix="qd-linked-")
        self.rules = rules
        self.log = open(f"{self.folder.name}/agent.log", "a")
        self.env = {**os.environ, "QUARTERDECK_SOCKET": f"{self.folder.name}/probe.sock", "GAME_ENVIRONMENT": environment,
                    "GAME_COUNTS": self.folder.name}
        self.start_agent()
        tests = BIN.parent / "tests"
        self.games = {
            SERVER: subprocess.Popen([str(tests / "debug-linked-go"), SERVER, str(once_in), str(seed)], env=self.env),
            CLIENT: subprocess.Popen([str(tests / client), CLIENT, str(once_in), str(seed + 1)], env=self.env)}
        self.wait_for(set(self.games))

    def start_agent(self, *more):
        rules = [word for rule in self.rules for word in ("--debugger", rule)]
        self.agent = subprocess.Popen([str(BIN / "quarterdeckd"), "--listen", "127.0.0.1:0", "--socket", self.env["QUARTERDECK_SOCKET"],
                                       "--data", f"{self.folder.name}/data", "--allow-debug", *rules, *more],
                                      stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.agent.stdout.readline()
        assert line, "the agent did not start"
        self.address = json.loads(line)["listen"]

    def describe(self):
        with grpc.insecure_channel(self.address) as channel:
            return rpc.AgentStub(channel).Describe(pb.DescribeRequest(), timeout=10)

    def processes(self):
        return {p.id: p for p in self.describe().processes if p.state != pb.Process.GONE}

    def wait_for(self, ids, within=30):
        deadline = time.monotonic() + within
        while not ids <= set(self.processes()):
            assert time.monotonic() < deadline, f"{ids} did not come"
            time.sleep(0.05)

    def both_debugged(self, console, known):
        """Lets stops pass until both debuggers are on: attaching takes a moment, and till then the probe stops a game."""
        deadline = time.monotonic() + 30
        while not all(tracer(game.pid) for game in self.games.values()):
            assert time.monotonic() < deadline, "a debugger did not attach"
            time.sleep(0.05)
        for _ in range(3):
            known.add(console.stopped(known).hit_id)
            console.resume()

    def counts(self, process):
        """How often it came to its line, and went past it, as the program itself counts."""
        return struct.unpack("<QQ", Path(f"{self.folder.name}/{process}").read_bytes())

    def logged(self, process, words, within=30):
        """The first line of the process's log that has these words."""
        with grpc.insecure_channel(self.address) as channel:
            request = pb.SubscribeRequest(process_globs=[process], tier=pb.SubscribeRequest.EVENTS, backfill_ns=60 * 10**9)
            for batch in rpc.AgentStub(channel).Subscribe(request, timeout=within):
                if batch.HasField("log") and words in batch.log.text.decode():
                    return batch.log.text.decode()

    def gone(self, process):
        return self.games[process].poll() is not None

    def run_or_are_gone(self, *ids, within=30):
        """From here on each of them makes ticks, or has ended, if only meanwhile; those that make ticks."""
        before = {i: p.tick for i, p in self.processes().items()}
        deadline = time.monotonic() + within
        while True:
            now = self.processes()
            running = {i for i in ids if i in now and now[i].tick > before.get(i, 0)}
            if all(i in running or self.gone(i) for i in ids):
                return {i for i in running if not self.gone(i)}
            assert time.monotonic() < deadline, f"not all of {ids} run again: ticks were {before}\n{self.story()}"
            time.sleep(0.05)

    def runs(self, *ids, within=30):
        """Each of them makes ticks from here on."""
        running = self.run_or_are_gone(*ids, within=within)
        assert running == set(ids), f"of {ids} only {running} run: the others have ended\n{self.story()}"

    def story(self):
        """What there is to know of a failure: how the games stand, and what the agent wrote."""
        lines = []
        for name, game in self.games.items():
            code = game.poll()
            lines.append(f"{name}: ended with {code}" if code is not None else
                         f"{name}: threads {thread_states(game.pid)}, tracer {tracer(game.pid)}")
        return "\n".join(lines) + "\n" + Path(self.log.name).read_text()[-4000:]

    def debugger_of(self, process):
        """The guardian of that process, and what it has started; empty: none."""
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, NotADirectoryError, ProcessLookupError, PermissionError):
                continue
            if words[0].endswith(b"quarterdeck-guardian") and str(self.games[process].pid).encode() in words:
                return [int(entry.name), *children_of(int(entry.name))]
        return []

    def close(self):
        debuggers = [pid for process in self.games for pid in self.debugger_of(process)]
        try:
            for game in self.games.values():
                game.kill()
            for name, game in self.games.items():
                end_of(game, 20, name)
        finally:
            self.end_agent()
        deadline = time.monotonic() + 20
        while left := [pid for pid in debuggers if alive(pid)]:
            assert time.monotonic() < deadline, f"of the debuggers {left} are left"
            time.sleep(0.05)

    def end_agent(self):
        self.agent.terminate()
        try:
            self.agent.wait(20)
        except subprocess.TimeoutExpired:
            self.agent.kill()
            self.agent.wait()
        self.agent.stdout.close()
        self.log.close()
        self.folder.cleanup()


def at_line(member):
    return bool(member.frames) and b"encounter" in member.frames[0].function


def measure(leader, hits):
    """Skews of the other side and times to run on, in ns, over so many hits of `leader`."""
    games = LinkedGames()
    try:
        console = Console(games.address, games)
        console.ask(link=pb.Link(process_ids=[SERVER, CLIENT]))
        go = leader == SERVER
        made = console.arm(GO_FILE if go else CPP_FILE, GO_LINE if go else CPP_LINE, leader)
        assert made.armed, made
        skews, resumes, known = [], [], set()
        games.both_debugged(console, known)
        for round_ in range(hits):
            group = console.stopped(known)
            known.add(group.hit_id)
            follower = next(m for m in group.members if m.process_id != group.leader)
            assert group.leader == leader, group
            skews.append(follower.skew_ns)
            if round_ % 20 == 0:
                console.renew()
            resumes.append(console.resume())
        console.ask(remove_breakpoint=pb.RemoveBreakpoint(id=made.id))
        console.send(resume=pb.GroupCommand())
        games.runs(SERVER, CLIENT)
        console.close()
        return skews, resumes
    finally:
        games.close()


def summary(values):
    ordered = sorted(values)
    return {"median_ms": statistics.median(ordered) / 1e6, "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] / 1e6,
            "worst_ms": ordered[-1] / 1e6, "n": len(ordered)}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--hits", type=int, default=200)
    hits = options.parse_args().hits
    go_skews, go_resumes = measure(SERVER, hits)
    cpp_skews, cpp_resumes = measure(CLIENT, hits)
    print(json.dumps({"go_hit_cpp_stopped": summary(go_skews), "cpp_hit_go_stopped": summary(cpp_skews),
                      "resume_of_both": summary(go_resumes + cpp_resumes)}))


if __name__ == "__main__":
    main()
