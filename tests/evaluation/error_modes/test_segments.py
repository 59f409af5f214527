"""A text is cut into 6 to 12 segments, without torch."""

import subprocess
import sys

import pytest

from r1tailor.evaluation.error_modes.segments import LEAST, MOST, segments

FIELDS = "age: 61\nsex: f\nward: icu\nsince: Monday\npain: 7\nfever: no"
FIELDS_ZH = "年龄：61\n性别：女\n科室：重症\n主诉：胸痛\n体温：38度\n过敏：青霉素\n"


def test_fields_are_segments() -> None:
    assert [one.strip() for one in segments(FIELDS)] == FIELDS.split("\n")
    assert [one.strip() for one in segments(FIELDS_ZH)] == FIELDS_ZH.split()


def test_clauses_come_before_words() -> None:
    found = segments("Chest pain since Monday, worse at night, no fever, no cough, no rash, no nausea.")
    assert [one.strip(" ,.") for one in found][:2] == ["Chest pain since Monday", "worse at night"]
    assert len(found) == 6


def test_the_longest_segment_is_divided_until_there_are_enough() -> None:
    found = segments("age: 61\nward: icu\ncomplaint: chest pain, fever and no cough since Monday")
    assert [one.strip() for one in found[:2]] == ["age: 61", "ward: icu"]
    assert found[2] == "complaint: chest pain,"
    assert len(found) >= LEAST


def test_chinese_words_are_those_of_jieba() -> None:
    assert segments("高血压患者能否服用布洛芬止痛") == ["高血压", "患者", "能否", "服用", "布洛芬", "止痛"]
    found = segments("患者男，61岁，胸痛三天，无发热，否认高血压病史。")
    assert found[:4] == ["患者男，", "61岁，", "胸痛三天，", "无发热，"]
    assert LEAST <= len(found) <= MOST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n ",
        "one",
        "...!",
        FIELDS,
        FIELDS_ZH,
        "a " * 500,
        "无标点的长文本" * 40,
        "\n\n".join(f"k{n}: v{n}" for n in range(40)),
        "See 3.5 mg. Then, e.g., stop! 停药。  Trailing spaces  ",
        "emoji 😀😀 mixed 中文 and English, 各半；end",
        "「引用」——（一）……",
    ],
)
def test_segments_make_the_text_and_are_no_more_than_twelve(text: str) -> None:
    found = segments(text)
    assert "".join(found) == (text if text.strip() else "")
    assert len(found) <= MOST
    assert all(any(character.isalnum() for character in one) for one in found) or len(found) <= 1


def test_many_words_become_segments_of_about_one_length() -> None:
    found = segments("word " * 400)
    assert len(found) == 8
    assert max(map(len, found)) <= 2 * min(map(len, found))


def test_no_torch_is_imported() -> None:
    modules = "segments, shapley, features, outcomes, attribution"
    code = f"import sys; from r1tailor.evaluation.error_modes import {modules}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
