"""Roles follow names in both languages, and what stands in the columns where no name tells."""

from typing import Any

from r1tailor.proposal.cells import described
from r1tailor.proposal.roles import Roles, assign, is_closed


def _roles(rows: list[dict[str, Any]]) -> Roles:
    return assign([described(name, rows) for name in rows[0]])


def _visits(**extra: str) -> list[dict[str, Any]]:
    notes = ("Pt c/o chest pain since noon", "Numb left hand for two days", "Twisted knee at soccer practice")
    return [
        {
            "visit_id": f"V{n:04}",
            "MRN": str(7000 + n // 2),
            "Triage Note": f"{notes[n % 3]} {n}",
            "Visit Date": f"2024-03-{n % 28 + 1:02}",
        }
        | {"Department": ("Cardiology", "Neurology", "Orthopedics")[n % 3]}
        | extra
        for n in range(60)
    ]


def test_a_hospitals_export() -> None:
    roles = _roles(_visits())
    assert (roles.input, roles.output, roles.group, roles.date) == (("Triage Note",), "Department", "MRN", "Visit Date")


def test_chinese_names() -> None:
    rows = [
        {
            "病案号": f"Z{n // 2}",
            "主诉": f"反复咳嗽{n}天，伴发热",
            "科室": ("内科", "外科")[n % 2],
            "就诊日期": "2024-03-01",
        }
        for n in range(40)
    ]
    roles = _roles(rows)
    assert (roles.input, roles.output, roles.group) == (("主诉",), "科室", "病案号")


def test_without_names_the_longest_text_is_asked_and_the_fewest_values_answer() -> None:
    rows = [
        {"a": f"something that is long enough to be read, number {n}", "b": ("x", "y")[n % 2], "c": f"k{n % 15}"}
        for n in range(60)
    ]
    roles = _roles(rows)
    assert (roles.input, roles.output) == (("a",), "b")
    assert "fewest" in roles.why["output"][0]


def test_numbers_alone_are_asked_together() -> None:
    rows = [{"sepal": n / 10, "petal": n / 7, "species": ("setosa", "virginica")[n % 2]} for n in range(40)]
    roles = _roles(rows)
    assert (roles.input, roles.output) == (("sepal", "petal"), "species")


def test_questions_that_stand_in_the_instruction_are_the_input() -> None:
    rows = [{"instruction": f"Which department treats case {n}?", "output": ("a", "b")[n % 2]} for n in range(40)]
    assert _roles(rows).input == ("instruction",)


def test_an_id_is_never_asked_nor_answers() -> None:
    roles = _roles(_visits())
    assert "visit_id" not in (*roles.input, roles.output)


def test_of_texts_that_are_all_different_none_is_an_answer() -> None:
    rows = [{"note": f"a long text about something, number {n}", "remark": f"another one {n}"} for n in range(30)]
    assert _roles(rows).output == ""


def test_a_closed_set_counts_spellings_of_one_label_once() -> None:
    rows = [{"d": ("Yes", "YES", "yes", "No")[n % 4]} for n in range(12)]
    assert is_closed(described("d", rows))
    assert not is_closed(described("d", [{"d": str(n)} for n in range(12)]))


def test_a_hole_loses_no_group_and_a_subject_line_is_none() -> None:
    rows = [*_visits(), {**_visits()[0], "MRN": ""}]
    assert _roles(rows).group == "MRN"
    tickets = [
        {
            "Subject": f"printer {n % 4}",
            "Details": f"paper jam on floor {n}, since noon",
            "Resolution": f"step {n} helped",
        }
        for n in range(40)
    ]
    roles = _roles(tickets)
    assert (roles.group, roles.input, roles.output) == ("", ("Details",), "Resolution")


def test_a_whole_name_comes_before_a_word_in_one_and_a_column_of_holes_is_not_asked() -> None:
    rows = [
        {"Clutch Completion": ("Yes", "No")[n % 2], "Species": ("Adelie", "Gentoo", "Chinstrap")[n % 3], "bill": n / 7}
        | {"Comments": "not enough blood for isotopes" if n % 9 == 0 else ""}
        for n in range(60)
    ]
    roles = _roles(rows)
    assert (roles.output, roles.input) == ("Species", ("Clutch Completion", "bill"))
