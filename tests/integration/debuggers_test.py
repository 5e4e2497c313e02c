# SPDX-License-Identifier: Apache-2.0
"""Source breakpoints through the real agent, real debuggers and real games: a hit on one stops the others, and nobody is
left frozen."""
import json
import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import BIN, SOURCE, alive, eventually, qdctl, qdctl_json

GAME = BIN.parent / "tests" / "debug-game"
FILE = SOURCE / "tests/agent/daemon/game/game_main.cpp"
LINE = 1 + next(i for i, line in enumerate(FILE.read_text().splitlines()) if "qd_site_enabled(site)" in line)


def tracer(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("TracerPid")))


class Debuggers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="qd-debug-")
        self.socket = f"{self.folder.name}/probe.sock"
        self.start_agent("--debugger", "game-*=lldb")
        self.games = {name: self.game(name) for name in ("game-1", "game-2")}
        eventually(lambda: len(self.processes()) == 2, 20)

    def tearDown(self):
        for game in self.games.values():
            game.kill()
            game.wait()
        self.agent.kill()
        self.agent.wait()
        self.agent.stdout.close()
        self.folder.cleanup()

    def start_agent(self, *more):
        self.agent = subprocess.Popen([str(BIN / "quarterdeckd"), "--listen", "127.0.0.1:0", "--socket", self.socket,
                                       "--data", f"{self.folder.name}/data", "--allow-debug", *more],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = json.loads(self.agent.stdout.readline())["listen"]

    def game(self, name):
        return subprocess.Popen([str(GAME), "--id", name, "--hz", "60"], stdout=subprocess.DEVNULL,
                                env={**os.environ, "QUARTERDECK_SOCKET": self.socket})

    def ctl(self, *args, expect=0):
        return qdctl_json("--agent", self.address, *args, expect=expect)

    def processes(self):
        return {p["id"]: p for p in self.ctl("describe")["agents"][0]["processes"] if p["state"] != "gone"}

    def run_on(self, *names):
        before = {n: p["tick"] for n, p in self.processes().items()}
        eventually(lambda: all(self.processes()[n]["tick"] > before[n] for n in names), 20)

    def stop(self, *more):
        self.ctl("break", "link", "game-1", "game-2")
        made = self.ctl("break", "set", f"{FILE}:{LINE}", "--process", "game-1", *more)
        eventually(lambda: all(tracer(g.pid) for g in self.games.values()), 30)
        return made, self.ctl("break", "wait", "--for", "30s")

    def test_a_hit_stops_the_other_and_continue_runs_both(self):
        self.ctl("break", "link", "game-1", "game-2")
        waiting = subprocess.Popen([str(BIN / "qdctl"), "--agent", self.address, "--json", "break", "wait", "--for", "60s", "--hold", "30s"],
                                   stdout=subprocess.PIPE, text=True)
        self.ctl("break", "set", f"{FILE}:{LINE}", "--process", "game-1")
        hit = json.loads(waiting.stdout.readline())
        self.assertEqual(hit["leader"], "game-1")
        self.assertEqual({m["state"] for m in hit["members"]}, {"stopped"}, hit)
        eventually(lambda: all(tracer(g.pid) for g in self.games.values()), 20)
        leader = next(m for m in hit["members"] if m["process"] == "game-1")
        self.assertEqual(leader["frames"][0]["line"], LINE)
        self.assertEqual(Path(leader["frames"][0]["file"]).name, "game_main.cpp")
        self.assertIn("tick", leader["locals"])
        self.ctl("break", "remove", hit["breakpoint"])
        self.ctl("break", "continue")
        self.run_on("game-1", "game-2")
        waiting.kill()
        waiting.wait()
        waiting.stdout.close()
        # Nothing is armed any more, so the debuggers let go.
        eventually(lambda: not any(tracer(g.pid) for g in self.games.values()), 30)
        self.run_on("game-1", "game-2")

    def test_a_killed_agent_leaves_both_running_and_untraced(self):
        self.stop()
        self.agent.send_signal(signal.SIGKILL)
        self.agent.wait()
        eventually(lambda: not any(tracer(g.pid) for g in self.games.values()), 30)
        self.agent.stdout.close()
        self.start_agent()
        eventually(lambda: len(self.processes()) == 2, 20)
        self.run_on("game-1", "game-2")

    def test_a_console_that_goes_lets_everything_run_at_the_end_of_its_lease(self):
        self.stop()
        self.run_on("game-1", "game-2")  # nobody holds the lease: 15 s

    def test_a_killed_game_ends_alone(self):
        self.stop()
        self.games["game-1"].kill()
        self.games["game-1"].wait()
        self.ctl("break", "continue")
        self.run_on("game-2")
        self.assertTrue(alive(self.games["game-2"].pid))

    def test_a_line_without_code_is_rejected_and_no_debugger_stays(self):
        code, _, error = qdctl("--agent", self.address, "break", "set", f"{FILE}:99999", "--process", "game-1")
        self.assertEqual(code, 1)
        self.assertIn("99999", error)
        eventually(lambda: not any(tracer(g.pid) for g in self.games.values()), 30)
        self.run_on("game-1", "game-2")

    def test_without_a_rule_there_is_no_debugger(self):
        other = self.game("other")
        self.games["other"] = other
        eventually(lambda: "other" in self.processes(), 20)
        code, _, error = qdctl("--agent", self.address, "break", "set", f"{FILE}:{LINE}", "--process", "other")
        self.assertEqual(code, 1)
        self.assertIn("--debugger", error)
        self.assertEqual(tracer(other.pid), 0)


if __name__ == "__main__":
    unittest.main()
