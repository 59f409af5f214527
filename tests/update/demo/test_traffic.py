"""The client of the demonstration: it counts what answered, and keeps what was lost."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from r1tailor.errors import UserError
from r1tailor.serving.openai_api import VERSION
from r1tailor.update.demo import traffic
from r1tailor.update.demo.traffic import Client


class _Gateway(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["messages"][0]["content"]
        self.send_response(503 if asked == "lost" else 200)
        self.send_header(VERSION, f"v{asked[-1]}")
        self.end_headers()
        self.wfile.write(json.dumps({"choices": [{"message": {"content": f"{asked}!"}}]}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def client() -> Iterator[Client]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Client(f"http://127.0.0.1:{server.server_port}", "key", "toy", "again 1", 0.01)
    server.shutdown()
    server.server_close()


def test_answers_are_counted_by_version_and_a_request_without_one_is_lost(client: Client) -> None:
    assert client.ask_all(["about 2", "about 2"]) == ["about 2!", "about 2!"]
    assert client.ask("lost") is None
    assert client.versions == {"v2": 2}
    assert client.lost == ["HTTPError: HTTP Error 503: Service Unavailable"]


def test_it_asks_throughout_and_waits_for_a_version(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with client.asking():
        client.wait_for("v1")
        monkeypatch.setattr(traffic, "_SWITCH", 0.0)
        with pytest.raises(UserError, match="did not begin to serve v9"):
            client.wait_for("v9")
    count = client.versions["v1"]
    assert count >= 1
    assert client.lost == []


def test_the_gateway_ends_with_a_process_that_is_killed() -> None:
    """Both hold the pipe: it closes when both are gone."""
    script = (
        "import multiprocessing, os, signal, threading, time\n"
        "from r1tailor.update.demo import traffic\n"
        "def serve():\n"
        "    threading.Thread(target=traffic._end_with_parent, daemon=True).start()\n"
        "    print('serves', flush=True)\n"
        "    time.sleep(600)\n"
        "multiprocessing.get_context('fork').Process(target=serve, daemon=True).start()\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "serves\n"
        process.kill()
        assert process.stdout.read() == ""
