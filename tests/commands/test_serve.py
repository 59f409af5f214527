"""``r1tailor serve``: mistakes are found before a model is loaded, in one message."""

import socket
from pathlib import Path

import pytest

from r1tailor.__main__ import main
from r1tailor.serving.keys import Keys


def _refused(folder: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments, f"serving.folder={folder}"])
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_nobody_is_served_without_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused(tmp_path, "medical", capsys=capsys)
    assert said == "error: nobody may ask yet; make a key first: r1tailor keys add NAME\n"
    Keys(tmp_path).add("ana")
    Keys(tmp_path).revoke("ana")
    assert "nobody may ask yet" in _refused(tmp_path, "medical", capsys=capsys)


def test_a_mistake_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Keys(tmp_path).add("ana")
    assert "is an override; name a domain" in _refused(tmp_path, "serving.port=1", capsys=capsys)
    assert "Did you mean serving.port?" in _refused(tmp_path, "medical", "serving.prt=1", capsys=capsys)
    assert "texts do not travel over plain HTTP" in _refused(tmp_path, "medical", "serving.host=0.0.0.0", capsys=capsys)
    given = ("medical", "serving.tls.certificate=none.pem", "serving.tls.key=none.pem")
    assert "none.pem is no file" in _refused(tmp_path, *given, capsys=capsys)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "cannot be had" in _refused(tmp_path, "medical", f"serving.port={port}", capsys=capsys)
    assert "nonesuch: there is no such" in _refused(tmp_path, "nonesuch", "serving.port=0", capsys=capsys)
    assert "nonesuch: there is no such" in _refused(tmp_path, "nonesuch", "--print", "vllm", capsys=capsys)
