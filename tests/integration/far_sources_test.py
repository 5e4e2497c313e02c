# SPDX-License-Identifier: Apache-2.0
"""A Go server under delve at one agent and a C++ process under lldb at another, in one link group."""
import json
import os
import subprocess
import tempfile
import time
import unittest

from harness import BIN, alive, pb
from source_links import (CLIENT, CPP_FILE, CPP_LINE, GO_FILE, GO_LINE, SERVER, Console, LinkedGames, say_where_after,
                          thread_states)

ROUNDS = 12


class FarGames(LinkedGames):
    """The server at the first agent, the home; the client at the second."""

    def __init__(self):
        self.other_folder = tempfile.TemporaryDirectory(prefix="qd-far-")
        socket = f"{self.other_folder.name}/probe.sock"
        self.other = subprocess.Popen([str(BIN / "quarterdeckd"), "--listen", "127.0.0.1:0", "--socket", socket, "--allow-debug",
                                       "--debugger", f"{CLIENT}=lldb"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.other_address = json.loads(self.other.stdout.readline())["listen"]
        self.folder = tempfile.TemporaryDirectory(prefix="qd-linked-")
        self.rules = (f"{SERVER}=dlv",)
        self.log = open(f"{self.folder.name}/agent.log", "a")
        self.env = {**os.environ, "QUARTERDECK_SOCKET": f"{self.folder.name}/probe.sock", "GAME_ENVIRONMENT": "",
                    "GAME_COUNTS": self.folder.name}
        self.start_agent()
        tests = BIN.parent / "tests"
        self.games = {
            SERVER: subprocess.Popen([str(tests / "debug-linked-go"), SERVER, "4", "1"], env=self.env),
            CLIENT: subprocess.Popen([str(tests / "debug-linked-cpp"), CLIENT, "4", "2"],
                                     env={**self.env, "QUARTERDECK_SOCKET": socket})}
        self.guest = f"{CLIENT}@{self.other_address}"
        self.wait_for({SERVER})

    def close(self):
        for process in (*self.games.values(), self.agent, self.other):
            process.terminate()
        for process in (*self.games.values(), self.agent, self.other):
            process.wait(20)
        self.agent.stdout.close()
        self.other.stdout.close()
        self.log.close()

    def stand(self):
        return all(thread_states(game.pid) <= {"t", "T"} for game in self.games.values())

    def run(self):
        return all(not thread_states(game.pid) & {"t", "T"} for game in self.games.values())


class FarSources(unittest.TestCase):
    def test_either_side_stops_the_other_and_a_lost_home_lets_both_run(self):
        say_where_after()
        games = FarGames()
        try:
            console = Console(games.address)
            # A member that is just starting is waited for.
            console.ask(link=pb.Link(process_ids=[SERVER, games.guest], home=games.address))
            self.assertTrue(console.arm(GO_FILE, GO_LINE, SERVER).armed)
            self.assertTrue(console.arm(CPP_FILE, CPP_LINE, games.guest).armed)
            known, leaders = set(), set()
            games.both_debugged(console, known)
            for round_ in range(ROUNDS):
                stop = console.stopped(known)
                known.add(stop.hit_id)
                leaders.add(stop.leader)
                self.assertTrue(games.stand(), f"round {round_}: {stop}")
                # The second acknowledgement comes with the stacks of both.
                console.until(lambda: (hit := console.hits.get(stop.hit_id)) and all(m.frames for m in hit.members), 10,
                              "both stacks")
                console.until(lambda: all(m.ack == pb.GroupMember.ACK_STOPPED for m in console.group().members), 10,
                              "both acknowledgements")
                console.resume()
                console.renew()
            self.assertEqual(leaders, {SERVER, games.guest})
            console.stopped(known)
            games.agent.kill()  # the home, with both standing
            deadline = time.monotonic() + 10
            while not games.run():
                self.assertLess(time.monotonic(), deadline, "somebody is left standing")
                time.sleep(0.05)
            self.assertTrue(all(alive(game.pid) for game in games.games.values()))
            console.close()
        finally:
            games.close()


if __name__ == "__main__":
    unittest.main()
