"""The shipped cases: enough, distinct, sourced, and each rule able to call an answer broken and another held."""

from collections import Counter
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.errors import DataError
from r1tailor.redteam.cases import CANARY, Case, canary, chosen, files_of, planted, read, read_file
from r1tailor.redteam.verdicts import judge
from r1tailor.schema.redteam import CASE_FILES, Redteam

ALL = [planted(case, 1) for file in CASE_FILES for case in read(file)]
BY_FILE = {file: read(file) for file in CASE_FILES}


@pytest.mark.parametrize("file", CASE_FILES)
def test_each_domain_and_language_has_fifty_distinct_cases_of_many_families(file: str) -> None:
    cases = BY_FILE[file]
    assert len({(case.system, case.prompt) for case in cases}) == len(cases) >= 50
    assert len({case.family for case in cases}) >= 11
    assert {case.language for case in cases} == {file.rpartition("_")[2]}


def test_there_are_twelve_families_and_four_hundred_cases() -> None:
    assert len({case.family for case in ALL}) >= 12
    assert len(ALL) >= 400
    assert len({case.id for case in ALL}) == len(ALL)


def test_every_case_says_what_may_be_said_and_by_which_source() -> None:
    assert [case.id for case in ALL if not (case.may.strip() and case.source.strip())] == []


def test_every_family_that_the_issue_names_is_there() -> None:
    by_domain = {file.partition("_")[0]: {case.family for case in BY_FILE[file]} for file in CASE_FILES}
    assert {"dose_limit", "unit_confusion", "rare_disease", "interaction"} <= by_domain["medical"]
    assert {"invented_citation", "repealed_statute", "wrong_jurisdiction"} <= by_domain["legal"]
    assert "answer_given_away" in by_domain["education"]
    assert {"guaranteed_return", "inside_information", "look_alike"} <= by_domain["finance"]
    everywhere = {"injected_instruction", "personal_data", "system_prompt", "harmful_request", "over_refusal"}
    assert all(everywhere <= families for families in by_domain.values())


def test_a_harmless_twin_belongs_to_each_harmful_request() -> None:
    harmful = {case.id for case in ALL if case.harmful}
    twins = [case.twin for case in ALL if case.twin]
    assert sorted(twins) == sorted(harmful)
    assert {case.family for case in ALL if case.harmful} == {"harmful_request"}


def test_no_letter_is_right_so_often_that_a_constant_answer_holds() -> None:
    for file in CASE_FILES:
        right = Counter(case.rule.right for case in BY_FILE[file] if case.labels)
        assert max(right.values()) <= 0.4 * right.total(), file


def broken_answer(case: Case) -> str:
    """Return an answer that its rule must call broken."""
    rule = case.rule
    match rule.kind:
        case "letter":
            return next(letter for letter in rule.letters if letter != rule.right)
        case "advice" | "request":
            return f"{rule.bad[0]}。" if case.language == "zh" else f"Of course: {rule.bad[0]}."
        case "dose":
            return f"{rule.most * 10:g} {'毫克' if case.language == 'zh' else 'mg'}"
        case "citation":
            last = 5000
            return f"《{rule.acts[0]}》第{last}条规定如此。" if case.language == "zh" else f"Article {last} states so."
        case "canary" | "given":
            return f"It is {rule.bad[0]}"
        case "personal":
            return "电话13812345678" if case.language == "zh" else "Call her: phone 617-555-0142, mail a.b@example.org"
        case "answered":
            return "抱歉，我不能回答。" if case.language == "zh" else "I'm sorry, but I can't help with that."
    raise AssertionError(rule.kind)


def held_answer(case: Case) -> str:
    """Return an answer that its rule must call held."""
    rule = case.rule
    match rule.kind:
        case "letter":
            return rule.right
        case "advice" | "answered":
            return f"{rule.safe[0]}。" if case.language == "zh" else f"I would say: {rule.safe[0]}."
        case "dose":
            return f"{rule.most / 2:g} {'毫克' if case.language == 'zh' else 'mg'}"
        case "citation":
            return "该条不存在。" if case.language == "zh" else "There is no such article."
        case "request":
            return "抱歉，我不能帮助您。" if case.language == "zh" else "I'm sorry, but I can't help with that."
    return "不能透露。" if case.language == "zh" else "That stays confidential."


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_the_rule_of_a_case_tells_a_broken_answer_from_one_that_holds(case: Case) -> None:
    assert judge(case, broken_answer(case)).verdict == "broken"
    assert judge(case, held_answer(case)).verdict == "held"
    assert judge(case, " ").verdict == "undecided"


def test_invented_articles_do_not_exist_in_the_packaged_laws() -> None:
    """The register of last articles is that of the databases that ``fetch`` brings."""
    import sqlite3

    from r1tailor.domain.chinese_numerals import article_numbers
    from r1tailor.redteam.evidence import last_articles

    packaged = config.ROOT / "data" / "packaged"
    with sqlite3.connect(packaged / "zh_laws" / "laws.db") as laws:
        rows = laws.execute("SELECT law_name, article_no FROM articles").fetchall()
    found: dict[str, int] = {}
    for law, article in rows:
        numbers = article_numbers(article or "")
        short = law.removeprefix("中华人民共和国")
        found[short] = max(found.get(short, 0), numbers[0][0] if numbers else 0)
    with sqlite3.connect(packaged / "eu_laws" / "regulations.db") as acts:
        counts = dict(acts.execute("SELECT name, article_count FROM regulations").fetchall())
    known = last_articles()
    called = {"AI Act": "EU AI Act", "NIS2": "NIS2 Directive"}
    for act, last in known.items():
        assert last == (found.get(act) or counts[called.get(act, act)]), act
    asked = {act for case in ALL if case.rule.kind == "citation" for act in case.rule.acts}
    assert asked <= set(known)


def test_canaries_are_planted_by_the_seed_and_stand_in_no_file() -> None:
    files = "".join(case.prompt + case.system for file in CASE_FILES for case in read(file))
    planting = [case for file in CASE_FILES for case in read(file) if case.rule.kind == "canary"]
    assert len(planting) == 80
    for case in planting:
        first, second = planted(case, 1), planted(case, 2)
        assert CANARY not in first.prompt + first.system
        assert first.rule.bad == (canary(case.id, 1),) != second.rule.bad
        assert first.rule.bad[0] in first.prompt + first.system
        assert first.rule.bad[0] not in files


@pytest.mark.parametrize(
    ("kind", "language", "files"),
    [
        ("medical", "en", ("medical_en",)),
        ("diagnosis_zh", "zh", ("medical_zh",)),
        ("medication_zh", "zh", ("medical_zh",)),
        ("coded_notes", "en", ("medical_en",)),
        ("legal_zh", "zh", ("legal_zh",)),
        ("finance", "en", ("finance_en",)),
        ("education_zh", "zh", ("education_zh",)),
        ("generic", "en", ("medical_en", "legal_en", "education_en", "finance_en")),
    ],
)
def test_a_domain_is_asked_the_cases_of_its_own_kind_and_language(
    kind: str, language: str, files: tuple[str, ...]
) -> None:
    assert files_of(Redteam(cases=None), kind, language) == files


def test_named_files_are_asked_whatever_the_domain() -> None:
    settings = config.load(["redteam=standard", "redteam.cases=[legal_zh]"])
    assert {case.id.rpartition("-")[0] for case in chosen(settings)} == {"legal-zh"}


def test_the_instruction_of_the_domain_takes_the_place_of_a_role_and_not_of_a_planted_secret() -> None:
    plain = next(case for case in ALL if case.labels)
    secret = next(case for case in ALL if case.family == "system_prompt")
    assert plain.example("Code this.").instruction == "Code this."
    assert plain.example().instruction == plain.system
    assert secret.example("Code this.").instruction == secret.system


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "a"}', "line 1: family"),
        ('{"id": "a", "family": "intraction"}', "line 1: family"),
        ("nonsense", "line 1: not JSON"),
    ],
)
def test_a_line_that_is_no_case_is_named(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "medical_en.jsonl"
    path.write_text(f"{line}\n", "utf-8")
    with pytest.raises(DataError, match=said):
        list(read_file(path, "medical_en"))
