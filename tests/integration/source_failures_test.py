# SPDX-License-Identifier: Apache-2.0
"""Every way in which a linked stop by debuggers can fail, for real, while the games run and while they stand: afterwards
they run again, untraced where nobody debugs them, or have exited as docs/debuggers.md says; and the registry says so."""
import os
import signal
import socket
import subprocess
import threading
import time
import unittest
from concurrent import futures
from pathlib import Path

from harness import pb
from source_links import CLIENT, CPP_FILE, CPP_LINE, GO_FILE, GO_LINE, SERVER, Console, LinkedGames, end_of, say_where_after, tracer

LEASE_S = 3  # what is left of a health check of 8 s


class Wire:
    """A network between a console and its agent that can be cut: then nothing passes any more, and nothing is closed."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target, self.cut, self.sockets = (host, int(port)), False, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.sockets += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    def pump(self, a, b):
        while True:
            try:
                data = a.recv(65536)
            except OSError:
                return
            if not data:
                return
            if not self.cut:
                b.sendall(data)

    def close(self):
        for one in [self.listener, *self.sockets]:
            one.close()


def traps_left(pid):
    """Where its code has a breakpoint instruction that the file has not."""
    found = []
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            words = line.split(maxsplit=5)
            if "x" not in words[1] or len(words) < 6 or not words[5].startswith("/"):
                continue
            begin, end = (int(part, 16) for part in words[0].split("-"))
            memory.seek(begin)
            now, before = memory.read(end - begin), Path(words[5]).read_bytes()[int(words[2], 16):][:end - begin]
            found += [hex(begin + i) for i, (is_, was) in enumerate(zip(now, before)) if is_ == 0xCC != was]
    return found


class Failures(unittest.TestCase):
    once_in = 20

    def setUp(self):
        os.environ["GAME_HEALTH"] = f"{LEASE_S + 5}s"
        self.addCleanup(os.environ.pop, "GAME_HEALTH")

    def games(self):
        games = LinkedGames(self.once_in)
        self.addCleanup(games.close)
        return games

    def console(self, games, address=None):
        console = Console(address or games.address, games)
        self.addCleanup(console.close)
        return console

    def linked(self, stands, address=lambda games: games.address):
        """Both linked and debugged; `stands`: at a hit, else running with a breakpoint inserted on both sides."""
        games = self.games()
        console = self.console(games, address(games))
        console.ask(link=pb.Link(process_ids=[SERVER, CLIENT]))
        never = {} if stands else {"condition": b"w.encounters < 0"}
        never_cpp = {} if stands else {"condition": b"world.encounters < 0"}
        for file, line, process, more in ((GO_FILE, GO_LINE, SERVER, never), (CPP_FILE, CPP_LINE, CLIENT, never_cpp)):
            made = console.arm(file, line, process, **more)
            self.assertTrue(made.armed, made)
        if stands:
            console.stopped(set())
        else:
            games.runs(SERVER, CLIENT)
        return games, console

    def pid(self, games, process):
        return games.games[process].pid

    def free(self, games, *processes, within=30):
        """Each has exited, or nobody traces it any more."""
        deadline = time.monotonic() + within
        while True:
            traced = [p for p in processes if not games.gone(p) and tracer(self.pid(games, p)) != 0]
            if not traced:
                return
            self.assertLess(time.monotonic(), deadline, f"{traced} are traced still\n{games.story()}")
            time.sleep(0.05)

    def truth(self, games, console, process):
        """The registry after the debugger of that process is gone: nothing of it is armed, nobody is said to stand."""
        def told():
            mine = [b for b in console.breakpoints.values() if b.members[0].process_id == process and not b.removed]
            return not any(b.armed for b in mine) and console.group().state == pb.LinkGroup.RUNNING
        console.until(told, LEASE_S + 15, f"the truth about {process}")

    def each(self, work, *cases):
        """The cases beside each other: most of their time is waiting."""
        with futures.ThreadPoolExecutor(len(cases)) as pool:
            for case, done in [(case, pool.submit(work, *case)) for case in cases]:
                with self.subTest(case=case):
                    done.result()

    # --- the rows ----------------------------------------------------------------------------------------------------

    def test_the_console_is_killed(self):
        def work(stands):
            games, console = self.linked(stands)
            console.close()
            later = self.console(games)
            later.until(lambda: later.group() and later.group().state == pb.LinkGroup.RUNNING, LEASE_S + 15, "the end of the lease")
            games.runs(SERVER, CLIENT)
            if stands:  # what stopped them is off, so that they do not stop again with nobody there
                off = lambda: [b for b in later.breakpoints.values() if not b.enabled]
                self.assertTrue(later.until(off, 10, "the breakpoint to be off"))

        self.each(work, (False,), (True,))

    def test_the_network_is_cut(self):
        def work(stands):
            wires = []
            games, console = self.linked(stands, lambda games: wires.append(Wire(games.address)) or wires[0].address)
            self.addCleanup(wires[0].close)
            wires[0].cut = True
            later = self.console(games)
            later.until(lambda: later.group() and later.group().state == pb.LinkGroup.RUNNING, LEASE_S + 15, "the end of the lease")
            games.runs(SERVER, CLIENT)

        self.each(work, (False,), (True,))

    def test_the_agent_is_killed(self):
        def work(stands):
            games, console = self.linked(stands)
            games.agent.send_signal(signal.SIGKILL)
            games.agent.wait()
            games.agent.stdout.close()
            self.free(games, SERVER, CLIENT)
            games.start_agent()
            games.wait_for({SERVER, CLIENT})
            games.runs(SERVER, CLIENT)
            later = self.console(games)
            later.until(lambda: later.group() and later.breakpoints, 20, "the registry as it was")
            self.assertEqual(later.group().state, pb.LinkGroup.RUNNING)
            self.assertFalse([b for b in later.breakpoints.values() if b.armed or b.enabled])

        self.each(work, (False,), (True,))

    def the_debugger_ends(self, by, process, stands):
        """A game that runs lives on: the guardian takes out what the debugger has left in it. One that stands, or comes
        to the line in that moment, is taken along by SIGTRAP; then the registry says so."""
        games, console = self.linked(stands)
        guardian, *debugger = games.debugger_of(process)
        self.assertTrue(debugger)
        for pid in debugger:
            os.kill(pid, by)
        console.until(lambda: any(b.members[0].ack == pb.BreakpointMember.REJECTED or games.gone(process)
                                  for b in console.breakpoints.values() if b.members[0].process_id == process),
                      LEASE_S + 20, "the registry to hear of it")
        for made in list(console.breakpoints):  # nobody is to stop any more
            console.send(remove_breakpoint=pb.RemoveBreakpoint(id=made))
        console.send(resume=pb.GroupCommand())
        self.truth(games, console, process)
        other = CLIENT if process == SERVER else SERVER
        self.free(games, SERVER, CLIENT)
        self.assertIn(other, games.run_or_are_gone(SERVER, CLIENT), games.story())
        try:
            left = [] if games.gone(process) else traps_left(self.pid(games, process))
        except ProcessLookupError:
            left = ["it has ended just now"]
        if left:  # then it has run into one of them: it writes its last words and ends
            end_of(games.games[process], 5, f"{process} with {left}; {games.story()}")
        if games.gone(process):
            self.assertIn(games.games[process].returncode, (-signal.SIGTRAP, 2), games.story())  # Go's runtime makes it 2
            member = lambda: next(m for m in console.group().members if m.process_id == process)
            console.until(lambda: member().state == pb.GroupMember.EXITED, 20, "the registry to hear of its end")
        return games.gone(process)

    def test_the_debugger_is_told_to_end(self):
        self.each(self.the_debugger_ends, *((signal.SIGTERM, p, s) for p in (SERVER, CLIENT) for s in (False, True)))

    def test_the_debugger_is_killed(self):
        self.each(self.the_debugger_ends, *((signal.SIGKILL, p, s) for p in (SERVER, CLIENT) for s in (False, True)))

    def test_a_game_that_does_not_come_to_the_line_outlives_its_debugger(self):
        self.once_in = 0
        for process in (SERVER, CLIENT):
            with self.subTest(process=process):
                self.assertFalse(self.the_debugger_ends(signal.SIGKILL, process, stands=False))

    def test_a_debugger_that_a_follower_needs_is_attached_again_after_a_while_and_its_log_says_so(self):
        games, console = self.linked(stands=False)
        console.ask(remove_breakpoint=pb.RemoveBreakpoint(
            id=next(b.id for b in console.breakpoints.values() if b.members[0].process_id == CLIENT)))
        guardian, *debugger = games.debugger_of(CLIENT)
        began = time.monotonic()
        os.kill(debugger[-1], signal.SIGKILL)
        self.assertIn("attached again in 5 s", games.logged(CLIENT, "debugger"))
        while tracer(self.pid(games, CLIENT)) == 0:
            self.assertLess(time.monotonic() - began, 60, games.story())
            console.renew()
            time.sleep(0.05)
        self.assertGreater(time.monotonic() - began, 4, "at once: one that ends at once would do so for ever")
        games.runs(SERVER, CLIENT)
        while Path(f"/proc/{guardian}").exists():  # nobody's zombie
            self.assertLess(time.monotonic() - began, 60, games.story())
            time.sleep(0.05)

    def test_a_target_is_killed(self):
        def work(process, stands):
            games, console = self.linked(stands)
            games.games[process].kill()
            end_of(games.games[process], 20, process)
            member = lambda: next(m for m in console.group().members if m.process_id == process)
            console.until(lambda: member().state == pb.GroupMember.EXITED, 20, "the registry to hear of it")
            mine = [b for b in console.breakpoints.values() if b.members[0].process_id == process]
            console.until(lambda: not any(console.breakpoints[b.id].armed for b in mine), 10, "nothing to be armed there")
            for made in list(console.breakpoints):
                console.send(remove_breakpoint=pb.RemoveBreakpoint(id=made))
            console.send(resume=pb.GroupCommand())
            other = CLIENT if process == SERVER else SERVER
            games.runs(other)
            self.truth(games, console, process)

        self.each(work, *((p, s) for p in (SERVER, CLIENT) for s in (False, True)))


if __name__ == "__main__":
    say_where_after()
    unittest.main()
