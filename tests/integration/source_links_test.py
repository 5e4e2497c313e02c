# SPDX-License-Identifier: Apache-2.0
"""Real Go and C++ code linked by delve and lldb through the real agent. QD_ROUNDS=500 makes the long form of the
random rounds."""
import os
import time
import unittest

from harness import pb, qdctl_json
from source_links import (CLIENT, CPP_FILE, CPP_LINE, GO_FILE, GO_LINE, SERVER, Console, LinkedGames, at_line, line_of,
                          say_where_after, thread_states, tracer)

ROUNDS = int(os.environ.get("QD_ROUNDS", "25"))


class Base(unittest.TestCase):
    once_in = 4
    rules = (f"{SERVER}=dlv", f"{CLIENT}=lldb")
    environment = ""
    client = "debug-linked-cpp"

    def setUp(self):
        self.games = LinkedGames(self.once_in, rules=self.rules, environment=self.environment, client=self.client)
        self.addCleanup(self.games.close)
        self.console = Console(self.games.address, self.games)
        self.addCleanup(self.console.close)
        self.console.ask(link=pb.Link(process_ids=[SERVER, CLIENT]))

    def pid(self, process):
        return self.games.games[process].pid


class Ledger:
    """The hits of one process as the registry counts them, against what the program itself counts. Each time that it came
    to its line is one hit, no more and no less; or it was stopped by the other right at its line, is shown there, and its
    debugger then takes it over the line without a word (`shown`)."""

    def __init__(self, test, process, breakpoint_):
        self.test, self.process, self.breakpoint = test, process, breakpoint_
        self.before, self.hits, self.early, self.shown, self.stood, self.counted = None, 0, 0, 0, None, None

    def stop(self, member, leads, what):
        """At a stop of all; whether the process has hit its line since the stop before."""
        came, passed = self.test.games.counts(self.process)
        hits = self.test.console.breakpoints[self.breakpoint].members[0].hits
        if self.before is None:
            if not leads:
                return False
            self.before, self.hits = hits - came, hits - 1  # what came before it was armed, or was stopped otherwise
        new, self.hits = hits - self.hits, hits
        if new:
            self.counted = came
        # It may stand where it had its hit still: the other was there before it got on.
        missing = (came if came == self.counted else passed) - (hits - self.before)
        if missing == 1 and self.stood is not None and self.stood <= passed:
            self.before, self.shown, missing = self.before - 1, self.shown + 1, 0
        what = f"{self.process} in {what}: {hits - self.before} hits, came {came}, passed {passed}, {new} new, leads: {leads}"
        self.test.assertIn(new, (1,) if leads else (0, 1), f"a stop without a hit, or a hit without a stop: {what}")
        self.test.assertEqual(missing, 0, f"{'a phantom' if missing < 0 else 'went past its line without a hit'}: {what}")
        if new or at_line(member):
            self.test.assertEqual((came, at_line(member)), (passed + 1, True), f"elsewhere than said: {what}\n{member}")
        self.stood = came if came != self.counted and at_line(member) else None
        self.early += self.stood is not None
        return bool(new)


class Rounds(Base):
    def test_both_sides_hit_at_random_and_no_stop_is_lost_or_made_up(self):
        ledgers, known, leaders, together, number = {}, set(), {SERVER: 0, CLIENT: 0}, 0, None
        for file, line, process in ((GO_FILE, GO_LINE, SERVER), (CPP_FILE, CPP_LINE, CLIENT)):
            made = self.console.arm(file, line, process)
            self.assertTrue(made.armed, made)
            ledgers[process] = Ledger(self, process, made.id)
        self.games.both_debugged(self.console, known)
        for round_ in range(ROUNDS):
            group = self.console.stopped(known)
            known.add(group.hit_id)
            before, number = number, int(group.hit_id.rsplit("-", 1)[1])
            self.assertIn(before, (None, number - 1), f"a stop that nobody was told of before round {round_}")
            bundle = lambda: (h := self.console.hits.get(group.hit_id)) and all(m.frames for m in h.members) and h
            hit = self.console.until(bundle, 10, "the bundle of both")
            for process in (SERVER, CLIENT):  # it says that they stand: so they do, every thread of them
                self.assertLessEqual(thread_states(self.pid(process)), {"t", "T"}, f"{process} in round {round_}")
            leaders[group.leader] += 1
            new = [ledgers[m.state.process_id].stop(m, m.state.process_id == group.leader, f"round {round_}") for m in hit.members]
            together += all(new)
            self.console.renew()
            self.console.resume()
        self.assertTrue(all(leaders.values()), leaders)
        for breakpoint_ in list(self.console.breakpoints):
            self.console.ask(remove_breakpoint=pb.RemoveBreakpoint(id=breakpoint_))
        self.console.send(resume=pb.GroupCommand())
        self.games.runs(SERVER, CLIENT)
        early, shown = (sum(getattr(ledger, what) for ledger in ledgers.values()) for what in ("early", "shown"))
        print(f"{ROUNDS} rounds: {leaders}, {together} in the same moment, {early} stopped right at their own line by the other, "
              f"{shown} of which their debugger did not count")


class Shown(Base):
    once_in = 2

    def test_a_bundle_has_both_stacks_locals_and_the_lines_around(self):
        made = self.console.arm(CPP_FILE, CPP_LINE, CLIENT)
        self.assertTrue(made.armed)
        known = set()
        self.games.both_debugged(self.console, known)
        group = self.console.stopped(known)
        hit = self.console.until(lambda: (h := self.console.hits.get(group.hit_id)) and all(m.frames for m in h.members) and h, 10)
        client = next(m for m in hit.members if m.state.process_id == CLIENT)
        self.assertEqual(client.frames[0].line, CPP_LINE)
        self.assertIn(b"world", {field.name for field in client.locals})
        source = client.sources[0]
        self.assertEqual(source.file.decode(), str(CPP_FILE))
        lines = CPP_FILE.read_text().splitlines()
        first = max(CPP_LINE - 40, 1)
        text = source.text.decode().splitlines()
        self.assertEqual((source.first_line, text), (first, lines[first - 1:first - 1 + len(text)]))
        # At least 40 lines on; more where a caller's line is in the same file.
        self.assertGreaterEqual(first - 1 + len(text), min(CPP_LINE + 40, len(lines)))
        # Who comes later sees the same.
        later = Console(self.games.address)
        self.addCleanup(later.close)
        seen = later.until(lambda: later.hits.get(group.hit_id), 10, "the bundle of a stop before")
        self.assertTrue(all(m.frames for m in seen.members))

    def test_who_waits_for_a_stop_that_is_there_is_told_of_it_at_once(self):
        self.console.arm(CPP_FILE, CPP_LINE, CLIENT)
        known = set()
        self.games.both_debugged(self.console, known)
        group = self.console.stopped(known)
        self.console.until(lambda: (h := self.console.hits.get(group.hit_id)) and all(m.frames for m in h.members), 10, "the bundle")
        began = time.monotonic()
        stop = qdctl_json("--agent", self.games.address, "break", "wait", "--for", "60s")
        self.assertLess(time.monotonic() - began, 10)  # of 60
        self.assertEqual(stop["hit"], group.hit_id)
        self.assertEqual(self.console.group().hit_id, group.hit_id, "looking does not run anybody on")

    def test_a_line_that_is_armed_after_a_hit_in_the_other_process(self):
        # The first is off until the second waits for it: what was hit before does not count.
        first = self.console.arm(GO_FILE, GO_LINE, SERVER, enabled=False)
        second = self.console.arm(CPP_FILE, CPP_LINE, CLIENT, after_hit_of=first.id)
        self.assertTrue(second.waiting and not second.armed)
        self.console.switch_on(first)
        group = self.console.stopped(set())
        self.assertEqual(group.leader, SERVER)
        self.console.until(lambda: self.console.breakpoints[second.id].armed, 10, "the second to be armed")
        self.console.ask(remove_breakpoint=pb.RemoveBreakpoint(id=first.id))
        self.console.resume()
        self.assertEqual(self.console.stopped({group.hit_id}).leader, CLIENT)

    def test_functions_steps_and_going_on_alone(self):
        wanted = pb.Breakpoint(kind=pb.Breakpoint.FUNCTION, site=b"main.encounter", enabled=True)
        made = self.console.ask(set_breakpoint=pb.SetBreakpoint(breakpoint=wanted, process_ids=[SERVER])).id
        group = self.console.stopped(set())
        self.assertEqual(group.leader, SERVER)
        self.console.ask(remove_breakpoint=pb.RemoveBreakpoint(id=made))
        self.console.ask(step=pb.StepCommand(how=pb.StepCommand.OVER, process_id=SERVER))
        after = self.console.stopped({group.hit_id})
        self.assertEqual({m.state for m in after.members}, {pb.GroupMember.STOPPED})
        self.console.ask(resume=pb.GroupCommand(process_id=CLIENT))
        self.console.until(lambda: self.console.group().state == pb.LinkGroup.PARTIAL, 10, "the client to run alone")
        self.games.runs(CLIENT)
        self.assertLessEqual(thread_states(self.pid(SERVER)), {"t", "T"})
        self.console.ask(resume=pb.GroupCommand(process_id=SERVER))
        self.games.runs(SERVER, CLIENT)


class Refused(Base):
    once_in = 2

    def test_what_cannot_be_armed_is_never_shown_as_armed(self):
        rejected = pb.BreakpointMember.REJECTED
        for file, line, process, more in ((GO_FILE, 9999, SERVER, {}), (CPP_FILE, 9999, CLIENT, {}), ("/nowhere/x.go", 3, SERVER, {}),
                                          (GO_FILE, GO_LINE, SERVER, {"condition": b"w.tick >"})):
            made = self.console.arm(file, line, process, **more)
            self.assertEqual((made.armed, made.members[0].ack), (False, rejected), made)
            self.assertTrue(made.members[0].reason, made)
            self.console.ask(remove_breakpoint=pb.RemoveBreakpoint(id=made.id))
        for symbol, process in ((b"no_such_function", CLIENT), (b"main.nothing", SERVER)):
            wanted = pb.Breakpoint(kind=pb.Breakpoint.FUNCTION, site=symbol, enabled=True)
            made = self.console.ask(set_breakpoint=pb.SetBreakpoint(breakpoint=wanted, process_ids=[process])).id
            shown = self.console.answered(made)
            self.assertEqual((shown.armed, shown.members[0].ack), (False, rejected), shown)
            self.console.ask(remove_breakpoint=pb.RemoveBreakpoint(id=made))
        # lldb takes a condition that it cannot evaluate, and stops as if it held: nobody may hear of that stop.
        made = self.console.arm(CPP_FILE, CPP_LINE, CLIENT, condition=b"no_such_symbol > 3")
        shown = self.console.until(lambda: (b := self.console.breakpoints[made.id]).members[0].ack == rejected and b, 30, "a rejection")
        self.assertIn(b"no_such_symbol", shown.members[0].reason)
        self.assertFalse(shown.armed)
        self.assertFalse([g for _, g in self.console.states if g.state == pb.LinkGroup.STOPPED])
        self.games.runs(SERVER, CLIENT)


class Optimised(Base):
    once_in = 2
    client = "debug-linked-optimised"

    def test_a_line_that_the_compiler_moved_is_shown_as_moved_and_stops_nobody(self):
        wanted = line_of(CPP_FILE, "a line without code when optimised")
        made = self.console.arm(CPP_FILE, wanted, CLIENT)
        self.assertEqual((made.armed, made.members[0].ack), (False, pb.BreakpointMember.MOVED), made)
        self.assertRegex(made.members[0].reason, rb"line \d+")
        self.assertNotIn(b"line %d." % wanted, made.members[0].reason)
        self.games.runs(SERVER, CLIENT)
        # The line that it was moved to is passed in each tick: nobody has stood there.
        self.assertFalse([g for _, g in self.console.states if g.state != pb.LinkGroup.RUNNING])
        self.assertEqual(self.console.breakpoints[made.id].members[0].hits, 0)


class Live(Base):
    environment = "production"

    def test_a_live_process_is_armed_only_by_its_name(self):
        with self.assertRaises(RuntimeError) as refused:
            self.console.arm(GO_FILE, GO_LINE, SERVER)
        for part in ("live", "environment=production", "client 10s", "players"):
            self.assertIn(part, str(refused.exception))
        self.assertEqual(tracer(self.pid(SERVER)), 0)
        wanted = pb.Breakpoint(kind=pb.Breakpoint.SOURCE, site=str(GO_FILE).encode(), line=GO_LINE, enabled=True)
        order = pb.SetBreakpoint(breakpoint=wanted, process_ids=[SERVER], confirmed=CLIENT.encode())
        self.console.ask(set_breakpoint=order)  # the other of the group stands too: its name says as much
        self.console.stopped(set())


if __name__ == "__main__":
    say_where_after(240 + 2 * ROUNDS)
    unittest.main()
