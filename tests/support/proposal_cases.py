"""Files as users bring them to ``r1tailor propose``: made up, each with what is wrong with it on purpose."""

import csv
import json
from pathlib import Path

_COMPLAINTS = {
    "Cardiology": (
        "crushing chest pain",
        "palpitations at night",
        "swollen ankles, short of breath",
        "fainting on stairs",
    ),
    "Neurology": ("seizure with a postictal phase", "numb left hand", "worst headache of my life", "double vision"),
    "Orthopedics": ("twisted knee at soccer", "hip pain after a fall", "shoulder out of its socket", "low back pain"),
}
_PLACES = ("at home", "at work", "in the garden", "on a train", "in the gym", "at school", "on the beach", "at church")
_TIMES = ("since this morning", "for two days", "since last spring", "on and off", "after a long flight", "at night")
_NAMES = ("Susan Smith", "David Hernandez", "Mary Jones", "James Miller", "Linda Brown")


def hospital(path: Path, rows: int = 96) -> Path:
    """Write a hospital's export: a byte order mark, odd spellings of labels, identifiers, duplicates, empty cells."""
    table = [_visit(number) for number in range(rows)]
    table[5]["Department"] = table[5]["Department"].upper()
    table[8]["Department"] += " "
    table[11]["Department"] = "N/A"
    table[12]["Department"] = ""
    table[13]["Triage Note"] = ""
    table += [dict(table[20]), dict(table[21])]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)
    return path


def _visit(number: int) -> dict[str, str]:
    department = list(_COMPLAINTS)[number % 3]
    complaint = _COMPLAINTS[department][number // 3 % 4]
    name = _NAMES[number % 5]
    note = f"{name}, {20 + number % 60} y/o. {complaint} {_TIMES[number % 6]}, {_PLACES[number // 4 % 8]}.\n"
    note += f"Call ({200 + number}) 555-{1000 + 7 * number}."
    return {
        "visit_id": f"V{100000 + number}",
        "MRN": str(4000000 + 37 * (number // 2)),
        "Patient Name": name,
        "Triage Note": note,
        "Department": department,
        "Visit Date": f"2024-03-{number % 28 + 1:02}",
    }


def clinic_zh(path: Path, rows: int = 90) -> Path:
    """Write a Chinese clinic's table, with semicolons."""
    signs = {
        "内科": ("咳嗽伴发热", "胸闷气短", "腹泻腹痛"),
        "外科": ("右下腹疼痛", "手指外伤出血", "乳房肿块"),
        "皮肤科": ("皮疹瘙痒", "脱发", "面部痤疮"),
    }
    where = ("劳累后", "夜间", "饭后", "受凉后", "无明显诱因", "运动后", "晨起")
    lines = ["编号;主诉;科室"]
    for number in range(rows):
        ward = list(signs)[number % 3]
        said = f"{where[number % 7]}出现{signs[ward][number // 3 % 3]}{number % 11 + 1}天，程度{number * 7 % 10}分"
        lines.append(f"N{number:03};{said};{ward}")
    path.write_text("\n".join(lines) + "\n", encoding="gb18030")
    return path


def prices(path: Path, days: int = 400) -> Path:
    """Write an index as exported: thousands separators, month first."""
    from datetime import date, timedelta

    lines = ["Date,Open,Close,Volume"]
    day, level = date(2015, 1, 1), 980.0
    while len(lines) <= days:
        day += timedelta(1)
        if day.weekday() < 5:
            level *= 1 + ((len(lines) * 7919) % 41 - 20) / 2000
            lines.append(f'{day:%m/%d/%Y},"{level:,.2f}","{level:,.2f}","{1_000_000 + len(lines):,}"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def questions(path: Path, rows: int = 60) -> Path:
    """Write a JSON list of records with columns of other names than ours."""
    records = [
        {
            "q": f"What is {n} plus {n * 3 % 17} in words and why?",
            "answer": f"It is {n + n * 3 % 17}, because one adds {n}.",
        }
        for n in range(rows)
    ]
    path.write_text(json.dumps(records), encoding="utf-8")
    return path
