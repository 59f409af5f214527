"""The 18 identifiers of HIPAA's Safe Harbor (45 CFR 164.514(b)(2)(i), A to R), each with what is done about it."""

from dataclasses import dataclass

from r1tailor.schema.corpus import PrivacyKind


@dataclass(frozen=True, slots=True)
class Coverage:
    """One of the 18 identifiers.

    Attributes:
        identifier: as the rule names it, with its Chinese counterparts.
        kinds: under which it is found.
        found_by: how.
        treatment: what is put in its place.
        not_covered: what is known to be missed.
    """

    identifier: str
    kinds: tuple[PrivacyKind, ...]
    found_by: str
    treatment: str
    not_covered: str


_BLANK = "[KIND], or a surrogate by secret key"


def coverage_table() -> tuple[Coverage, ...]:
    """Return the 18 rows in the rule's order."""
    return _TABLE


_TABLE = (
    Coverage(
        "Names; 姓名",
        ("name",),
        "titles, labels, salutations, credentials, verbs of persons; census names; Chinese surnames with role "
        "or title; "
        "or among a dictionary's words; every other mention of a name so found",
        "[NAME], or a surrogate word for word",
        "a rare name alone, without any context; in lower case without title, label or role; a nickname; "
        "a Chinese name that is a word as "
        "well, without role, title or age",
    ),
    Coverage(
        "Geographic units below a state; ZIP codes; 地址",
        ("address", "zip"),
        "house number and street word, town with state, 'lives in'; ZIP by state, label or ZIP+4; 省市区路号 "
        "and its labels",
        "[ADDRESS], or a surrogate; of a ZIP code three digits, 000 for the 17 small areas",
        "a town's, hospital's or landmark's name alone; coordinates; ZIP without state or label",
    ),
    Coverage(
        "Dates but the year; ages over 89; 日期, 年龄",
        ("date", "age"),
        "numeric and written dates in both languages, also without year or day; ages by unit or label",
        "the year stays, of a birth date nothing; 90+; or all dates of a group moved by 1 to 365 days",
        "weekdays, holidays, times of day; ages in English words; moved dates are not Safe Harbor but need an expert",
    ),
    Coverage(
        "Telephone numbers; 电话, 手机",
        ("phone",),
        "shape (North America, +country, Chinese mobile and landline), label for any other",
        _BLANK,
        "a local number of seven digits without label",
    ),
    Coverage(
        "Fax numbers; 传真", ("fax",), "label before a number", _BLANK, "without label it is found as a telephone"
    ),
    Coverage("E-mail addresses; 邮箱", ("email",), "shape, also with (at)", _BLANK, "spelt out in words"),
    Coverage(
        "Social security numbers; 身份证",
        ("ssn", "resident_id"),
        "shape, also mistyped; 9 digits without separators by label; 18 and 15 digits of the resident card",
        _BLANK,
        "9 digits without separators and label; the last four digits alone",
    ),
    Coverage("Medical record numbers; 病案号, 住院号", ("mrn",), "label", _BLANK, "fewer than 10 digits without label"),
    Coverage(
        "Health plan beneficiary numbers; 医保号",
        ("health_plan",),
        "label; shape of Medicare's",
        _BLANK,
        "without label",
    ),
    Coverage(
        "Account numbers; 账号, 银行卡",
        ("account", "bank_card"),
        "label; 13 to 19 digits, whole or grouped; IBAN",
        _BLANK,
        "fewer than 10 digits without label",
    ),
    Coverage(
        "Certificate and licence numbers; 执业证号, 护照, 统一社会信用代码",
        ("licence", "passport", "social_credit"),
        "label; shape of passports, DEA numbers and social credit codes",
        _BLANK,
        "short numbers without label",
    ),
    Coverage(
        "Vehicle identifiers and plates; 车架号, 车牌",
        ("vin", "plate"),
        "17 capital letters and digits; Chinese plates by shape, others by label",
        _BLANK,
        "a plate from elsewhere without label; a VIN in small letters without label",
    ),
    Coverage(
        "Device identifiers and serial numbers; 设备序列号", ("device",), "label; MAC address", _BLANK, "without label"
    ),
    Coverage("Web addresses; 网址", ("url",), "scheme, www, common top-level domains", _BLANK, "a bare rare domain"),
    Coverage(
        "IP addresses",
        ("ip",),
        "shape of version 4 and 6",
        _BLANK,
        "under 7 digits without label: may be a section number",
    ),
    Coverage(
        "Biometric identifiers; 指纹, 声纹, 虹膜",
        ("biometric",),
        "label before a reference number",
        _BLANK,
        "the recordings themselves: text only is treated",
    ),
    Coverage(
        "Full-face photographs; 照片",
        ("photo",),
        "label before a file name or number",
        _BLANK,
        "the pictures themselves; a description of a face",
    ),
    Coverage(
        "Any other unique number or code; 编号, 案号",
        ("code",),
        "label; ten digits or more; capitals with seven digits or more; UUID; court case numbers",
        _BLANK,
        "short codes without label; what identifies without a number (a rare job, an event in the news)",
    ),
)
