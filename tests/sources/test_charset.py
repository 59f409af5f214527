"""The encoding of a page: its mark, then its declaration, then a trial."""

import codecs

import pytest

from r1tailor.sources.charset import decoded

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


@pytest.mark.parametrize("raw", [b"\xff\xff", b"<meta charset='windows-1252'>\xe9t\xe9", codecs.BOM_UTF8 + b"\xbb\xbc"])
def test_what_is_in_none_of_the_encodings_is_no_text(raw: bytes) -> None:
    assert decoded(raw, declares=False) is None
