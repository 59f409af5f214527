"""Names that a label, a title or a role announces in Latin script, and what is none there."""

import pytest

from tests.corpus.privacy.test_deidentify import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "pt john smith seen by dr. mary jones today, c/o chest pain",
            "pt [NAME] seen by dr. [NAME] today, c/o chest pain",
        ),
        ("Mrs. May reports pain at rest", "Mrs. [NAME] reports pain at rest"),
        ("dr. may, please call", "dr. [NAME], please call"),
        ("Patient: maria gonzalez, 44f", "Patient: [NAME], 44f"),
        ("PATIENT NAME: OYELOWO, DAVID", "PATIENT NAME: [NAME]"),
        ("Name: wangchuk tenzin DOB: unknown", "Name: [NAME] DOB: unknown"),
        ("Attending: Ferreira   Resident: Choi", "Attending: [NAME]   Resident: [NAME]"),
        ("patient okeke denies nausea", "patient [NAME] denies nausea"),
        ("Drs. Lee and Rossi agree", "Drs. [NAME] and [NAME] agree"),
        ("Mr. van der Meer left", "Mr. [NAME] left"),
        ("Children: Otis (4), Mabel (2)", "Children: [NAME] (4), [NAME] (2)"),
        ("plaintiff: nguyen van minh", "plaintiff: [NAME]"),
        ("her mother, Dorje, brought her in", "her mother, [NAME], brought her in"),
        ("pt's wife yukiko in room", "pt's wife [NAME] in room"),
        ("She was named Samdup after her aunt.", "She was named [NAME] after her aunt."),
        ("patient is saito yukiko, 44f", "patient is [NAME], 44f"),
        ("pt song da-eun here for wound check", "pt [NAME] here for wound check"),
        ("Imani Blood was seen yesterday.", "[NAME] was seen yesterday."),
        ("Pearl Best reports chest pain.", "[NAME] reports chest pain."),
        ("Translator: In-ho Seo", "Translator: [NAME]"),
        ("pt abeke lindqvist fell; family of abeke called", "pt [NAME] fell; family of [NAME] called"),
    ],
)
def test_what_is_announced_is_a_name_whatever_its_case(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Patient: stable on room air",
        "Patient: Comfortable, awake",
        "Father: Healthy",
        "Patient: Holter monitor",
        "Patient: Koplik spots",
        "KATZ INDEX",
        "Patient: Zyxoplanib 10 mg daily",
        "Plan: Lodine, Asacol.",
        "Nurse: Gui Pi Tang given.",
        "Patient takes Wu Wei Zi every morning.",
        "Morgan Stanley raised its target.",
        "parent undertakings, subsidiaries",
        "the recipient CSIRT that it designates",
        "Resident: on call",
        "Name: unknown",
        "Next of kin: self",
        "dr. visits twice a year",
        "dr. may go home early",
        "Doctor may order more tests",
        "pt cpap overnight, npo after midnight",
        "Drug name: Lisinopril",
        "Patient Advair Diskus refill",
        "Ciprofloxacin, Vancomycin and Zosyn",
        "Black Cohosh and Milk Thistle",
        "Patient with Parkinson tremor, Kernig and Brudzinski negative",
        "Mother denies fever, father has diabetes",
    ],
)
def test_a_word_a_drug_and_an_eponym_are_no_names(text: str) -> None:
    assert redacted(text) == text
