"""The process: asked by OpenAI's own client, drained by SIGTERM, hung up on by nobody, TLS and what it refuses."""

import json
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2 as httpx
import openai
import pytest

from r1tailor import chained, config
from r1tailor.errors import UserError
from r1tailor.serving import run
from r1tailor.serving.keys import Keys
from tests.support.served_process import FIRST, SECOND, Process, process

FAST = ("serving.limits.requests_per_minute=100000", "serving.limits.burst=100000", "serving.limits.receive_seconds=1")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("process")
    (folder / "key").write_text(Keys(folder / "serving").add("ana"))
    with process(folder, *FAST) as running:
        yield running


@pytest.fixture
def client(served: Process) -> Iterator[openai.OpenAI]:
    key = (served.folder / "key").read_text()
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=key, max_retries=0) as made:
        yield made


def test_the_official_client_is_answered_whole_and_streamed(client: openai.OpenAI) -> None:
    question = [{"role": "user", "content": "ask 7"}]
    whole = client.chat.completions.create(model="medical", messages=question)  # type: ignore[arg-type]
    message = whole.choices[0].message
    assert (message.content, message.reasoning) == (f"{FIRST} says: ask 7", f"{FIRST} thinks")  # type: ignore[attr-defined]
    assert whole.model == whole.system_fingerprint == FIRST
    content = reasoning = ""
    with client.chat.completions.create(model="medical", messages=question, stream=True) as stream:  # type: ignore[call-overload]
        for chunk in stream:
            content += chunk.choices[0].delta.content or ""
            reasoning += getattr(chunk.choices[0].delta, "reasoning_content", "") or ""
    assert (content, reasoning) == (message.content, f"{FIRST} thinks")
    assert [model.id for model in client.models.list()] == ["medical", FIRST, "toy-1"]


def test_the_official_client_raises_its_own_errors(client: openai.OpenAI, served: Process) -> None:
    with pytest.raises(openai.NotFoundError, match="this model is not served"):
        client.chat.completions.create(model="gpt-4", messages=[{"role": "user", "content": "a"}])
    with pytest.raises(openai.BadRequestError, match="temperature must be a number from 0 to 2"):
        client.chat.completions.create(model="medical", messages=[{"role": "user", "content": "a"}], temperature=3)
    stranger = client.with_options(api_key="sk-wrong")
    with pytest.raises(openai.AuthenticationError, match="a key is needed that holds"):
        stranger.models.list()


def _raw(url: str, data: bytes, wait: float = 5) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as sock:
        sock.sendall(data)
        found = b""
        with suppress(TimeoutError, ConnectionResetError):
            while part := sock.recv(65536):
                found += part
        return found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab",
    ],
    ids=["nothing", "half of the head", "half of the body"],
)
def test_a_client_that_stops_sending_is_hung_up_on(data: bytes, served: Process) -> None:
    began = time.monotonic()
    answered = _raw(served.url, data, wait=20)
    assert time.monotonic() - began > 0.5
    assert answered == b"" or answered.startswith((b"HTTP/1.1 401", b"HTTP/1.1 408"))


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 300000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.org\r\nConnection: close\r\n\r\n",
        b"GET http://evil.org/v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
    ids=["tls", "no host", "null", "two lengths", "unequal", "encoding", "long", "two hosts", "absolute"],
)
def test_a_request_that_is_no_http_is_refused_and_nothing_breaks(data: bytes, served: Process) -> None:
    answered = _raw(served.url, data)
    assert answered == b"" or answered.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501")), answered[:100]
    assert httpx.get(f"{served.url}/health").json()["status"] == "ok"
    assert "Traceback" not in (served.folder / "log").read_text()


def test_sigterm_lets_answers_under_way_end_and_takes_nothing_new(tmp_path: Path) -> None:
    key = Keys(tmp_path / "serving").add("ana")
    with process(tmp_path, *FAST) as running:
        question = [{"role": "user", "content": "x" * 1500}]
        body = {"model": "medical", "messages": question, "stream": True}
        headers = {"authorization": f"Bearer {key}"}
        with httpx.stream(
            "POST", f"{running.url}/v1/chat/completions", json=body, headers=headers, timeout=60
        ) as stream:
            lines = stream.iter_lines()
            first = next(lines)
            running.popen.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    httpx.get(f"{running.url}/health")
                except httpx.TransportError:
                    break
            else:
                pytest.fail("it takes new connections")
            rest = list(lines)
        assert running.popen.wait(60) == 0
    assert first.startswith("data: ")
    assert [line for line in rest if line][-1] == "data: [DONE]"
    kept = chained.ChainedLog(tmp_path / "serving" / "audit.jsonl").entries()
    assert [line["decision"] for line in kept] == ["answered"]


def test_a_promotion_switches_the_process_and_a_broken_version_does_not(tmp_path: Path) -> None:
    with process(tmp_path, *FAST) as running:
        running.switch(SECOND)
        _until(running, lambda state: state["version"] == SECOND)
        running.switch("toy-3-broken0000")
        _until(running, lambda state: state["status"] == "degraded")
        assert running.stop() == 0
    log = (tmp_path / "log").read_text()
    assert f"{SECOND} is at work in channel served after {FIRST}" in log
    assert f"{SECOND} stays at work in channel served: toy-3-broken0000: Input/output error" in log
    assert f"{FIRST} is freed" in log


def _until(running: Process, holds: object) -> None:
    deadline = time.monotonic() + 20
    while not holds(state := httpx.get(f"{running.url}/health").json()):  # type: ignore[operator]
        assert time.monotonic() < deadline, state
        time.sleep(0.02)


def _certificate(folder: Path) -> tuple[Path, Path]:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", *options, *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


def test_with_a_certificate_it_speaks_https_alone(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    tls = (f"serving.tls.certificate={certificate}", f"serving.tls.key={key}")
    with process(tmp_path / "served", *FAST, *tls) as running:
        assert running.url.startswith("https://")
        import ssl

        context = ssl.create_default_context(cafile=str(certificate))
        got = httpx.get(f"{running.url}/health", verify=context)
        assert got.headers["strict-transport-security"]
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http{running.url.removeprefix('https')}/health")


def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    given = [f"serving.tls.certificate={certificate}", f"serving.tls.key={key}"]
    settings = config.load(given).serving
    run.refuse_open_files(settings, tmp_path)
    key.chmod(0o644)
    with pytest.raises(UserError, match="can be read by other users: chmod 600"):
        run.refuse_open_files(settings, tmp_path)
    assert stat.S_IMODE(key.stat().st_mode) == 0o644
    key.chmod(0o600)
    key.write_text(certificate.read_text())
    with pytest.raises(UserError, match="are no certificate and its key"):
        run.refuse_open_files(settings, tmp_path)
    key.unlink()
    with pytest.raises(UserError, match=r"serving\.tls\.key: .* is no file"):
        run.refuse_open_files(settings, tmp_path)


def test_a_port_that_is_taken_is_one_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"127.0.0.1:{port} cannot be had: Address already in use; choose another"):
            run.bind(config.load([f"serving.port={port}"]).serving)


def test_json_of_the_wire_is_utf_8(served: Process) -> None:
    headers = {"authorization": f"Bearer {(served.folder / 'key').read_text()}"}
    body = {"model": "medical", "messages": [{"role": "user", "content": "胸痛 38.5 ℃"}], "stream": True}
    got = httpx.post(f"{served.url}/v1/chat/completions", json=body, headers=headers)
    events = [json.loads(line[6:]) for line in got.text.splitlines() if line.startswith("data: {")]
    written = "".join(choice["delta"].get("content", "") for event in events for choice in event["choices"])
    assert written == f"{FIRST} says: 胸痛 38.5 ℃"
