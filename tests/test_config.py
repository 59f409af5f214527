"""Compose, load and refuse through the real command line; bad files, and the one message each of them gets."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from r1tailor import command_line, config
from r1tailor.errors import ConfigError
from r1tailor.sources.containers import SUFFIXES
from tests.conftest import ROOT
from tests.support.commands import Done
from tests.support.refusals import GUARD
from tests.test_config_messages import NO_RANK

PROGRESS = ("run: ", "collect: ", "clean: ", "instruct: ")
GOOD = '{"instruction": "i", "input": "a", "output": "b"}\n'
WORDS = ("alpha", "beta", "gamma", "delta", "horse", "moon", "tree", "iron", "cloud", "river")
HUNDRED = "".join(GOOD.replace('"a"', f'"{WORDS[i % 10]} {i * 37}"') for i in range(100))
STOPPED = "(domain.sources, name: examples, on_damage: stop)"
RECORD = "input, output, instruction, reasoning, group, entities"

# What is in a JSONL of a generic domain, and what is said of it; {} is its path.
EMPTY_OUTPUT, UNKNOWN, TYPED = GOOD.replace('"b"', '" "'), GOOD.replace('"i"', '"i", "ouput": ""'), '{"output": ["b"]'
BAD_RECORDS: list[tuple[bytes | None, str]] = [
    (None, f"{{}} is no file and holds no {' or '.join(SUFFIXES)} (domain.sources, name: examples)"),
    (b"", '{} holds no records; a line is {{"instruction", "input", "output"}}'),
    ((GOOD * 2 + '{"input": ').encode(), f"{{}}, line 3: not JSON: Expecting value {STOPPED}"),
    (GOOD.encode() + b"\xff\xfe{}\n", f"{{}}, line 2: not UTF-8 (byte 1) {STOPPED}"),
    (b"[1]\n", f"{{}}, line 1: a mapping is expected, found list {STOPPED}"),
    (b'{"input": "a"}\n', f"{{}}, line 1: output is missing; a record needs input, output {STOPPED}"),
    (
        UNKNOWN.encode(),
        f"{{}}, line 1: 'ouput' is not a key of a record. Did you mean output? Allowed: {RECORD} {STOPPED}",
    ),
    ((TYPED + ', "input": "a"}\n').encode(), f"{{}}, line 1: output must be text, found list {STOPPED}"),
    ((GOOD + EMPTY_OUTPUT).encode(), f"{{}}, line 2: output is empty: there is nothing to learn from it {STOPPED}"),
    (HUNDRED.encode(), "model.path = nowhere: no such folder; a folder in Hugging Face layout is needed"),
]
RECORDS = (
    "domain=generic domain.sources.0.unknown_keys=refuse domain.split.test=0.3 domain.split.validation=0.3 "
    "model=local model.path=nowhere"
)

# What is in a params.yaml, and the line and the fault that are named.
BAD_PARAMS: list[tuple[bytes, int, str]] = [
    (b"seed: 1\ndomain: [a\nmodel: b\n", 3, "expected ',' or ']', but got ':'"),
    (b"seed: 1\n\tdomain: x\n", 2, "found character '\\t' that cannot start any token"),
    (b"seed: 1\nresume: false\nseed: 2\n", 3, "found duplicate key seed"),
]


def _table(folder: str = "{tmp}") -> list[object]:
    table: list[object] = []
    for content, said in BAD_RECORDS:
        arguments = f"{RECORDS} domain.sources.0.path={folder}/mine.jsonl output={folder}/run"
        table.append(pytest.param(arguments, "mine.jsonl", content, said.format(f"{folder}/mine.jsonl"), id=said))
    for content, number, said in BAD_PARAMS:
        message = f"1 fault in the configuration:\n  - {folder}/params.yaml, line {number}: not YAML: {said}"
        arguments = f"--config-path={folder} --config-name=params {GUARD}"
        table.append(pytest.param(arguments, "params.yaml", content, message, id=said))
    return table


@pytest.mark.parametrize(("line", "file", "content", "message"), _table())
def test_a_faulty_file_is_refused_with_one_exact_message(
    line: str, file: str, content: bytes | None, message: str, run_command: Callable[..., Done], tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / file).write_bytes(content)
    done = run_command("train.py", *line.replace("{tmp}", str(tmp_path)).split())
    reported = "\n".join(line for line in done.err.splitlines() if not line.startswith("Error executing job"))
    assert reported == f"error: {message}".replace("{tmp}", str(tmp_path))
    assert done.code == 2
    assert all(line.startswith(PROGRESS) for line in done.out.splitlines())


def test_stages_refuse_a_params_file_that_is_missing_faulty_or_stale(
    run_command: Callable[..., Done], tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    refused = run_command("-m", "r1tailor", "use", "strategy.rnk=8", cwd=tmp_path)
    assert (refused.code, refused.err) == (2, f"error: 1 fault in the configuration:\n  - {NO_RANK}\n")
    missing = run_command("-m", "r1tailor", "collect", cwd=tmp_path)
    assert missing.code == 2
    assert "params.yaml does not exist. Write it with: python -m r1tailor use\n" in missing.err
    assert run_command("-m", "r1tailor", "use", "seed=3", cwd=tmp_path).code == 0
    with (tmp_path / "conf" / "config.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    stale = run_command("-m", "r1tailor", "collect", cwd=tmp_path)
    assert stale.code == 2
    why = "params.yaml was composed before conf/config.yaml changed"
    assert stale.err.endswith(f"  - {why}. Compose it again: python -m r1tailor use\n")
    assert "Traceback" not in stale.err


def _copied(conf: Path, *changes: tuple[str, str]) -> Path:
    """Write a copy of the shipped medical domain into a folder of domains."""
    text = (ROOT / "conf" / "domain" / "medical.yaml").read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (conf / "domain").mkdir(parents=True, exist_ok=True)
    (conf / "domain" / "mine.yaml").write_text(text, encoding="utf-8")
    return conf


SHARED = "have the same name and would share outputs and registry. Give one of them another name"


def test_a_copied_domain_that_keeps_the_shipped_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = _copied(tmp_path / "mine") / "domain" / "mine.yaml"
    arguments = [f"--config-dir={tmp_path / 'mine'}", "domain=mine", GUARD]
    with pytest.raises(ConfigError) as refusal:
        command_line.checked_arguments(arguments)
    assert refusal.value.faults == [f"domain.name = medical: {mine} and conf/domain/medical.yaml {SHARED}"]
    assert command_line.checked_arguments([*arguments, "domain.name=mine"])
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    _copied(tmp_path / "conf")
    monkeypatch.setattr(config, "CONF", tmp_path / "conf")
    monkeypatch.setattr(config, "ROOT", tmp_path)
    for chosen, other in (("mine", "medical"), ("medical", "mine")):
        with pytest.raises(ConfigError) as refusal:
            config.load([f"domain={chosen}"])
        files = f"conf/domain/{chosen}.yaml and conf/domain/{other}.yaml"
        assert refusal.value.faults == [f"domain.name = medical: {files} {SHARED}"]
    assert config.load(["domain=legal"]).domain.name == "legal"


@pytest.mark.parametrize("name", ["Mine", "my-domain", "a b", "", "runs", "registry"])
def test_a_name_that_is_no_folder_or_a_taken_one_is_refused(name: str) -> None:
    refused = r"domain\.name: '.*' (cannot name a folder everywhere|is a folder of outputs)"
    with pytest.raises(ConfigError, match=refused):
        config.load([f"domain.name='{name}'"])


def test_a_source_that_two_domains_pin_differently_is_refused_with_both_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shipped = config.packaged_sources()
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    monkeypatch.setattr(config, "CONF", tmp_path / "conf")
    monkeypatch.setattr(config, "ROOT", tmp_path)
    _copied(tmp_path / "conf", ("name: medical\n", "name: mine\n"))
    assert config.packaged_sources() == shipped
    _copied(tmp_path / "conf", ("name: medical\n", "name: mine\n"), ("version: 1.5.0", "version: 1.4.0"))
    both = "conf/domain/medical.yaml and conf/domain/mine.yaml"
    with pytest.raises(ConfigError, match=f"{both} pin source icd10cm differently"):
        config.packaged_sources()


def test_a_composition_of_an_earlier_release_takes_the_sections_that_it_lacks(tmp_path: Path) -> None:
    values = yaml.safe_load(config.params_text())
    del values["serving"], values["compression"], values["objective"]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    found = config.load_params(tmp_path / "config.yaml")
    assert (found.serving, found.objective.kind) == (config.load_params().serving, "supervised")
    assert found.compression.forms == ()


def test_a_privacy_preset_stands_for_every_kind_and_an_older_composition_is_read(tmp_path: Path) -> None:
    kept = ("domain.cleaning.privacy=hipaa", "domain.compliance=hipaa")
    settings = config.load([*RECORDS.split(), "domain.sources.0.path=a.jsonl", *kept])
    privacy = settings.domain.cleaning.privacy
    assert privacy is not None
    assert (set(privacy.kinds.values()), len(privacy.kinds)) == ({"redact"}, 25)
    assert (privacy.key_variable, privacy.share_of_documents_with_findings) == ("R1TAILOR_PRIVACY_KEY", 0)
    older = config.as_yaml(settings).replace("share_of_documents_with_findings: 0.0", "threshold: 0.25")
    (tmp_path / "config.yaml").write_text(older, encoding="utf-8")
    read = config.load_params(tmp_path / "config.yaml").domain.cleaning.privacy
    assert read == privacy.model_copy(update={"share_of_documents_with_findings": 0.25})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("gdpr", "'gdpr' is no preset; there are hipaa, pipl"),
        ("{kinds: {}, threshold: 0}", "threshold is now called share_of_documents_with_findings"),
        ("null", "compliance = pipl needs cleaning.privacy: pipl"),
    ],
)
def test_a_preset_that_is_none_and_an_old_key_are_refused(value: str, said: str) -> None:
    overrides = ["domain.sources.0.path=a.jsonl", f"domain.cleaning.privacy={value}", "domain.compliance=pipl"]
    with pytest.raises(ConfigError, match=re.escape(said)):
        config.load([*RECORDS.split(), *overrides])
