# SPDX-License-Identifier: Apache-2.0
"""Adoption without code: a game's Prometheus page and its log file become a process, and hostile ones harm nobody."""
import http.server
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import grpc

from harness import BIN, Agent, eventually, pb, qdctl_json, rpc

PAGE = b"""# HELP players_online Players who are logged in
# TYPE players_online gauge
players_online{shard="eu",map="caf\xc3\xa9 \\"one\\""} 42
players_online{shard="us"} NaN
# TYPE packets_total counter
packets_total 1000
# TYPE tick_seconds histogram
tick_seconds_bucket{le="0.01"} 90
tick_seconds_bucket{le="0.02"} 100
tick_seconds_bucket{le="+Inf"} 100
tick_seconds_sum 0.8
tick_seconds_count 100
queue_depth +Inf
this line is no sample
{also="not"} 3
"""


class Page(http.server.ThreadingHTTPServer):
    """Serves what `answer(handler)` writes; the plain page by default, its counters rising by what `rise` says."""

    def __init__(self, answer=None):
        self.count, self.rise = 0, 1

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if answer:
                    answer(self)
                    return
                self.server.count += self.server.rise
                n = self.server.count
                body = PAGE.replace(b"packets_total 1000", b"packets_total %d" % (1000 + 60 * n))
                body = body.replace(b'0.01"} 90', b'0.01"} %d' % (90 * n)).replace(b'} 100', b'} %d' % (100 * n))
                body = body.replace(b"count 100", b"count %d" % (100 * n)).replace(b"sum 0.8", b"sum %f" % (0.8 * n))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server_address[1]}/metrics"
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def end(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


class Adoption(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qd-adopt-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def page(self, answer=None):
        made = Page(answer)
        self.addCleanup(made.end)
        return made

    def agent(self, *args):
        made = Agent(self.folder, "--scrape-every", "200ms", *args)
        made.__enter__()
        self.addCleanup(made.__exit__)
        return made

    def process(self, agent, name):
        for one in qdctl_json("--agent", agent.agent, "describe")["agents"][0]["processes"]:
            if one["id"] == name and one["state"] != "gone":
                return one
        return None

    def stats(self, agent, seconds="2s"):
        out = self.folder / f"{time.monotonic_ns()}.qdrec"
        qdctl_json("--agent", agent.agent, "record", "--out", out, "--for", seconds)
        return {row["name"]: row for row in qdctl_json("stats", out, "--series", "*")["series"]}

    def lines(self, agent):
        """A list that fills with (category, level, text) of the log, as it comes."""
        lines, stub = [], rpc.AgentStub(grpc.insecure_channel(agent.agent))
        stream = stub.Subscribe(pb.SubscribeRequest())

        def listen():
            try:
                for batch in stream:
                    if batch.HasField("log"):
                        lines.append((batch.log.category, batch.log.level, batch.log.text))
            except grpc.RpcError:
                pass  # cancelled

        reader = threading.Thread(target=listen)
        reader.start()
        self.addCleanup(reader.join)
        self.addCleanup(stream.cancel)
        return lines

    def test_a_page_becomes_series(self):
        page = self.page()
        agent = self.agent("--scrape", f"lobby={page.url}")
        eventually(lambda: self.process(agent, "lobby"), 20)
        eventually(lambda: any(one["name"] == "tick_seconds.p99" for one in self.process(agent, "lobby")["series"]), 20)
        about = self.process(agent, "lobby")
        self.assertEqual((about["pid"], about["labels"]), (0, {"adopted": "metrics"}))
        players = [one for one in about["series"] if one["name"] == "players_online"]
        self.assertEqual({one["dimensions"]["shard"] for one in players}, {"eu", "us"})
        self.assertIn({"shard": "eu", "map": 'café "one"'}, [one["dimensions"] for one in players])
        self.assertEqual(players[0]["description"], "Players who are logged in")
        stats = self.stats(agent)
        self.assertEqual((stats["scrape.up"]["min"], stats["scrape.malformed"]["max"]), (1, 2))
        self.assertEqual(stats["tick_seconds.p50"]["unit"], "s")
        self.assertAlmostEqual(stats["tick_seconds.p50"]["p50"], 0.01 * 50 / 90)
        self.assertAlmostEqual(stats["tick_seconds.mean"]["p50"], 0.008, 5)
        self.assertGreater(stats["packets_total.rate"]["p50"], 30)  # 60 a page, some pages a second
        self.assertGreater(stats["packets_total"]["min"], 1000)
        page.count = 0  # it began anew
        self.assertGreaterEqual(self.stats(agent)["packets_total.rate"]["min"], 0)

    def test_a_dead_page_is_said_and_comes_back(self):
        page = self.page()
        agent = self.agent("--scrape", f"lobby={page.url}")
        eventually(lambda: self.process(agent, "lobby"), 20)
        lines = self.lines(agent)
        port = page.server_address[1]
        page.shutdown()
        page.server_close()
        eventually(lambda: any(b"cannot be read" in text for _, _, text in lines), 20)
        eventually(lambda: self.process(agent, "lobby") is None, 20)
        with socket.create_server(("127.0.0.1", port)) as listener:
            listener.settimeout(20)
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"HTTP/1.0 200 OK\r\n\r\nqueue_depth 3\n")
        eventually(lambda: self.process(agent, "lobby"), 20)

    def test_hostile_pages_harm_nobody(self):
        stop = threading.Event()
        self.addCleanup(stop.set)

        def forever(handler):  # never ends, and grows
            handler.send_response(200)
            handler.end_headers()
            try:
                while not stop.is_set():
                    handler.wfile.write(b"a_total 1\n" * 10_000)
            except OSError:
                pass

        def silent(handler):
            stop.wait(30)

        def away(handler):
            handler.send_response(302)
            handler.send_header("Location", "file:///etc/passwd")
            handler.end_headers()

        def flood(handler):  # more series than anybody can show
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(b"".join(b'm{i="%d"} %d\n' % (i, i) for i in range(30_000)))

        def rubbish(handler):
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(os.urandom(100_000) + b"\nm{" + b"x=\"" * 10_000 + b"\n# TYPE " + b"y" * 100_000 + b"\nlast 1\n")

        args = [f"{one.__name__}={self.page(one).url}" for one in (forever, silent, away, flood, rubbish)]
        good = self.page()
        agent = self.agent(*(part for arg in args for part in ("--scrape", arg)), "--scrape", f"good={good.url}")
        eventually(lambda: self.process(agent, "good"), 30)
        eventually(lambda: self.process(agent, "flood"), 30)
        eventually(lambda: self.process(agent, "rubbish"), 30)
        eventually(lambda: len(self.process(agent, "flood")["series"]) >= 3000, 30)
        self.assertLess(len(self.process(agent, "flood")["series"]), 3100)
        self.assertIn("last", {one["name"] for one in self.process(agent, "rubbish")["series"]})
        for name in ("forever", "silent", "away"):
            self.assertIsNone(self.process(agent, name))
        before = self.process(agent, "good")["tick"]
        eventually(lambda: self.process(agent, "good")["tick"] > before, 20)

    def test_a_log_file_is_followed(self):
        log = self.folder / "game.log"
        log.write_bytes(b"before anybody looked\n")
        agent = self.agent("--tail", f"lobby={log}")
        eventually(lambda: self.process(agent, "lobby"), 20)
        lines = self.lines(agent)
        with log.open("ab", buffering=0) as out:
            out.write(b"[2026-01-01 12:00:00] ERROR disk is full\nhalf a ")
            eventually(lambda: any(b"disk is full" in text for _, _, text in lines), 20)
            out.write(b"line\n\xff\xfe caf\xe9 \x1b[31m\n" + b"x" * 10_000 + b"\n")
            eventually(lambda: any(b"caf" in text for _, _, text in lines), 20)
            log.rename(self.folder / "game.log.1")
            out.write(b"last words\n")
            log.write_bytes(b"warn: first words of the next\n")
            eventually(lambda: any(b"first words" in text for _, _, text in lines), 20)
        os.truncate(log, 0)
        with log.open("ab") as out:
            out.write(b"after truncation\n")
        eventually(lambda: any(b"after truncation" in text for _, _, text in lines), 20)
        texts = [text for category, _, text in lines if category == b"stdout"]
        self.assertNotIn(b"before anybody looked", texts)
        self.assertIn(b"half a line", texts)
        self.assertIn(b"last words", texts)
        self.assertLess(texts.index(b"last words"), texts.index(b"warn: first words of the next"))
        self.assertEqual(max(len(text) for text in texts), 4096)
        for text in texts:
            text.decode()  # valid UTF-8
            self.assertNotIn(b"\x1b", text)
        levels = {text: level for _, level, text in lines}
        self.assertEqual(levels[b"[2026-01-01 12:00:00] ERROR disk is full"], 4)
        self.assertEqual(levels[b"warn: first words of the next"], 3)

    def test_a_flood_of_lines_is_bounded_and_counted(self):
        log = self.folder / "game.log"
        log.touch()
        agent = self.agent("--tail", f"lobby={log}")
        eventually(lambda: self.process(agent, "lobby"), 20)
        lines = self.lines(agent)
        with log.open("ab") as out:
            for i in range(50_000):
                out.write(b"line %d\n" % i)
        eventually(lambda: any(text == b"line 0" for _, _, text in lines), 20)
        eventually(lambda: self.stats(agent, "1s").get("log.lines", {"max": 0}) is not None, 20)
        self.assertLess(len(lines), 5_000)

    def test_page_and_log_are_one_process(self):
        page, log = self.page(), self.folder / "game.log"
        log.touch()
        agent = self.agent("--scrape", f"lobby={page.url}", "--tail", f"lobby={log}")
        eventually(lambda: self.process(agent, "lobby"), 20)
        eventually(lambda: {"players_online", "log.lines"} <= {one["name"] for one in self.process(agent, "lobby")["series"]}, 20)

    def test_wrong_usage_is_one_sentence(self):
        for args, part in ((("--scrape", "nonsense"), "NAME=URL"), (("--scrape", "a=ftp://x"), "http://"),
                           (("--tail", "two words=/x"), "NAME=FILE"), (("--scrape-every", "1ms"), "100ms"),
                           (("--tail", "a=/x", "--tail", "a=/y"), "named twice")):
            done = subprocess.run([str(BIN / "quarterdeckd"), "--listen", "127.0.0.1:0", "--socket", str(self.folder / "s"), *args],
                                  capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(part, done.stderr)
            self.assertEqual(done.stderr.strip().count("\n"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
