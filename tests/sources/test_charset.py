"""The encoding of a page: its mark, then its declaration, then a trial."""

import codecs
from pathlib import Path

import pytest

from r1tailor.sources.charset import decoded, encoding_of

CHINESE = "患者血压：１２０／８０，无发热。"


@pytest.mark.parametrize(
    ("raw", "declares", "text"),
    [
        (CHINESE.encode(), False, CHINESE),
        (CHINESE.encode("gb18030"), False, CHINESE),
        (codecs.BOM_UTF8 + CHINESE.encode(), False, CHINESE),
        (codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), False, CHINESE),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), False, CHINESE),
        (codecs.BOM_UTF32_LE + CHINESE.encode("utf-32-le"), False, CHINESE),
        (codecs.BOM_UTF32_BE + CHINESE.encode("utf-32-be"), False, CHINESE),
        (codecs.BOM_UTF8 + b"<meta charset=gbk>\xc3\xa9", True, "<meta charset=gbk>é"),
        (b"<meta charset=GB2312>" + "镕㐀".encode("gb18030"), True, "<meta charset=GB2312>镕㐀"),
        (b"<meta charset=gb2312>\xa1\xa4\xa1\xaa", True, "·—"),
        (b"<meta charset='windows-1252'>\xe9t\xe9", True, "<meta charset='windows-1252'>été"),
        (b"<meta http-equiv=x content='text/html; charset=iso-8859-1'>5\x80", True, "5€"),
        (b'<?xml version="1.0" encoding="Shift_JIS"?>\x8a\xb3', True, "患"),
        (b"<meta charset=big5>\xb1\x77", True, "患"),
        (b"<meta charset=utf-8>\xbb\xbc", True, "患"),
        (b"<meta charset=unicode_escape>\\x41", True, "<meta charset=unicode_escape>\\x41"),
        (b"<meta charset=iso-8859-99>a", True, "<meta charset=iso-8859-99>a"),
        (b" " * 1024 + b"<meta charset=windows-1252>\xc3\xa9", True, "é"),
    ],
)
def test_the_encoding_is_found_by_mark_then_declaration_then_trial(raw: bytes, declares: bool, text: str) -> None:
    found = decoded(raw, declares=declares)
    assert found is not None
    assert found.endswith(text)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xff",
        codecs.BOM_UTF8 + b"\xbb\xbc",
        b"Roe \xe8\xa1\xff",  # UTF-8 that is cut in a character
        "血压\n".encode() + b"Roe \xe9\n",  # UTF-8 with one damaged line
        "Behçet".encode("cp437"),
    ],
)
def test_what_is_in_none_of_the_encodings_is_no_text(raw: bytes) -> None:
    assert decoded(raw, declares=False) is None


OTHERS = {
    "cp1252": "Dose 5 µg/kg for 2 days, 38 °C. Behçet’s disease, Müller – naïve, ½ tablet, 3 m³, “à jeun”",
    "gb18030": "患者血压：120/80，无发热。",
    "cp1251": "Пациент жалуется на боль в груди, температура 38 градусов.",
    "koi8_r": "Пациент жалуется на боль в груди, температура 38 градусов.",
    "cp1253": "Ο ασθενής παραπονιέται για πόνο στο στήθος",
    "cp1250": "Pacjent zgłasza ból w klatce piersiowej, gorączkę, łóżko, źle śpi, duszność",
    "shift_jis": "患者は胸の痛みを訴えている。体温は38度である。",
    "euc_jp": "患者は胸の痛みを訴えている。体温は38度である。",
    "euc_kr": "환자는 가슴 통증을 호소하고 있다. 체온은 38도이다.",
    "big5": "患者主訴胸痛，體溫三十八度，無咳嗽。",
}


@pytest.mark.parametrize(("encoding", "text"), OTHERS.items(), ids=OTHERS)
def test_text_that_is_not_utf8_is_read_right_from_bytes_and_file(encoding: str, text: str, tmp_path: Path) -> None:
    raw = f"note\n{text}\n".encode(encoding)
    assert decoded(raw, declares=False) == raw.decode(encoding)
    (tmp_path / "a").write_bytes(raw)
    assert encoding_of(tmp_path / "a") == encoding


@pytest.mark.parametrize("text", ["Dose 5µg/kg for 2 days. Temp 38°C. Behçet.", "Temp 37°C, 5µg, Müller, naïve"])
def test_windows_1252_does_not_come_out_as_chinese(text: str) -> None:
    assert decoded(text.encode("cp1252"), declares=True) == text


def test_a_named_encoding_is_taken_and_must_fit() -> None:
    assert decoded(b"Beh\x87et", declares=False, encoding="cp437") == "Behçet"
    assert decoded(codecs.BOM_UTF8 + b"a", declares=False, encoding="utf-8") == "a"
    assert decoded(b"\xe9", declares=False, encoding="utf-8") is None


def test_a_file_of_which_most_lines_are_utf8_is_damaged_utf8(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("血\n".encode() * 3 + b"\xe9\n")
    assert encoding_of(tmp_path / "a") == "utf-8"
