"""What the log keeps: keyed hashes always, texts only if asked for and without personal identifiers."""

import asyncio
from pathlib import Path

import pytest

from r1tailor import chained, config
from r1tailor.errors import ConfigError
from r1tailor.schema.corpus import Privacy
from r1tailor.serving.audit import Audit, Event, log_file, treatment
from r1tailor.serving.sessions import Sessions

NOTE = "Dr. Sarah Miller saw John Whitfield, phone 415-555-0132, on 03/14/2021."


def _lines(folder: Path, audit: Audit, *events: Event) -> list[dict[str, object]]:
    async def all_of_it() -> None:
        await asyncio.gather(*(audit.record(event) for event in events))

    asyncio.run(all_of_it())
    assert chained.verify(log_file(folder)).damage == []
    return list(audit.log.entries())


def test_the_same_text_has_the_same_hash_which_nobody_can_make_without_the_secret(tmp_path: Path) -> None:
    audit = Audit(tmp_path, Sessions(b"s" * 32, 1))
    lines = _lines(tmp_path, audit, *(Event(f"r{n}", prompt=NOTE, answer=str(n % 2)) for n in range(4)))
    assert len({line["prompt"] for line in lines}) == 1
    assert len({line["answer"] for line in lines}) == 2
    other = Audit(tmp_path / "other", Sessions(b"t" * 32, 1))
    (line,) = _lines(tmp_path / "other", other, Event("r", prompt=NOTE))
    assert line["prompt"] not in {one["prompt"] for one in lines}
    assert "Miller" not in log_file(tmp_path).read_text("utf-8")


PRIVACY = Privacy(kinds={"name": "redact", "phone": "redact", "date": "redact"}, key_variable="R1TAILOR_TEST_KEY")


def test_texts_are_kept_without_what_privacy_takes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_TEST_KEY", "k" * 32)
    audit = Audit(tmp_path, Sessions(b"s" * 32, 1), treatment(PRIVACY, config.ROOT))
    (line,) = _lines(tmp_path, audit, Event("r", prompt=NOTE, answer="Call 415-555-0132."))
    for name in ("Whitfield", "0132", "03/14"):
        assert name not in str(line)
    assert "saw" in str(line["prompt_text"])


def test_texts_of_a_domain_with_privacy_need_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("R1TAILOR_TEST_KEY", raising=False)
    with pytest.raises(ConfigError, match="R1TAILOR_TEST_KEY"):
        treatment(PRIVACY, config.ROOT)


def test_a_domain_without_privacy_keeps_texts_as_they_are() -> None:
    assert treatment(None, config.ROOT)(NOTE) == NOTE
