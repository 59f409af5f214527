"""Nothing that leaves the raw documents of a domain with privacy names anybody, whatever the name stood in."""

import json
import os

import pytest

from r1tailor import config, stages, store
from r1tailor.confidential import confidential
from r1tailor.document_files import read_documents
from r1tailor.layout import RunFolder, pipeline_folder
from r1tailor.record_files import read_examples
from r1tailor.schema.settings import Settings

SECRETS = ("4482910", "20481", "John", "Doe", "555-12-3456", "Okonkwo", "523-41-8867")
KINDS = "{name:redact,mrn:redact,ssn:redact,date:redact,phone:redact,code:redact}"
COLUMNS = "{text:note,id:mrn,available_at:seen,fields:[output,group,history]}"
SOURCE = (
    f"{{kind:table,name:notes,path:data/notes,columns:{COLUMNS},licence:own,available_at:'2026-01-01',on_damage:list}}"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, RunFolder]:
    """Collect, clean and instruct records in which people are named by every string that a record has."""
    root = tmp_path_factory.mktemp("project")
    rows = [
        {
            "mrn": 4482910 + n,
            "seen": f"2024-03-{n % 28 + 1:02}",
            "note": f"Patient: Mr. John Okonkwo, SSN 523-41-8867. Complaint {n} {'abc'[n % 3] * 9} {n * 7}.",
            "output": "abc"[n % 3],
            "group": str(20481000 + n % 40),
            "history": {"Mr. John Doe": [{"SSN 523-41-8867": n}]},
        }
        for n in range(80)
    ]
    folder = root / "data" / "notes"
    folder.mkdir(parents=True)
    file = folder / "John_Doe_555-12-3456.jsonl"
    lines = [json.dumps(row) for row in [*rows, rows[0]]]  # the last one repeats an id: a rejection
    file.write_text("\n".join([*lines, '{"mrn": "John Doe 555-12-3456"']) + "\n", "utf-8")
    settings = config.load(
        [
            "domain=generic",
            f"domain.sources=[{SOURCE}]",
            "domain.compliance=hipaa",
            f"domain.cleaning.privacy={{kinds:{KINDS},key_variable:NOTES_KEY,share_of_documents_with_findings:0}}",
            "domain.split.by=group",
        ]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTES_KEY", "sixteen bytes or more")
        patch.setattr(config, "ROOT", root)
        os.umask(0o022)
        run = pipeline_folder(settings)
        with confidential(settings, run.path):
            for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct):
                stage(settings, run)
    return settings, run


def test_no_file_but_the_raw_documents_names_anybody(made: tuple[Settings, RunFolder]) -> None:
    _, run = made
    documents = list(read_documents(run.cleaned))
    written = {str(run.cleaned): str(documents)}
    written |= {str(path): path.read_text("utf-8") for path in run.path.rglob("*.json*")}
    assert len(written) > 5
    for path, text in written.items():
        assert not [secret for secret in SECRETS if secret in text], path


def test_rejections_are_counted_and_told_by_line(made: tuple[Settings, RunFolder]) -> None:
    (source,) = store.read_json(made[1].provenance)
    assert [one["position"] for one in source["rejected"]] == ["line 81", "line 82"]


def test_ids_stay_distinct_and_groups_do_not_become_one(made: tuple[Settings, RunFolder]) -> None:
    documents = list(read_documents(made[1].cleaned))
    assert len({document.id for document in documents}) == 80
    assert len({document.fields["group"] for document in documents}) == 40
    groups = [{item.group for item in items} for items in made[1].parts().values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 40


def test_every_file_is_its_users_alone(made: tuple[Settings, RunFolder]) -> None:
    below = list(made[1].path.rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in below if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in [made[1].path, *below] if path.is_dir()} == {0o700}


def test_an_example_has_the_id_of_its_document(made: tuple[Settings, RunFolder]) -> None:
    ids = {document.id for document in read_documents(made[1].cleaned)}
    assert {example.id for example in read_examples(made[1].examples / "train.jsonl")} <= ids
