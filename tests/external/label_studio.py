"""A real Label Studio takes our tasks and configuration, and what it exports comes back as it was said.

    python tests/external/label_studio.py [environment] [folder]

``environment`` is a virtual environment to reuse (without it one is made in a temporary folder, Label Studio installed
from the package index); ``folder`` is where the two exports are kept. The server listens on localhost, keeps a SQLite
file in a temporary folder, takes no sign-ups, and is stopped at the end.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from r1tailor.annotation import label_studio
from r1tailor.annotation.expected import Expected
from r1tailor.annotation.label_studio.tasks import labelling_config, tasks
from r1tailor.annotation.schemes import MEDICAL
from r1tailor.annotation.suggest import Suggestion
from r1tailor.records import Annotation, Document, Labels, Relation, Span
from r1tailor.schema.annotation import OwnScheme, Question

REQUIREMENT = "label-studio==1.23.2"
START_SECONDS = 900  # the first start migrates the database
QUESTION = Question(name="certainty", values=("confirmed", "suspected"), multiple=False, definition="How sure is it?")
SCHEME = OwnScheme(kind="own", spans=MEDICAL.spans, relations=MEDICAL.relations, questions=(QUESTION,))
WITHOUT_RELATIONS = SCHEME.model_copy(update={"relations": ()})
FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
DOCUMENTS = [
    Document("en", "🤒 Fever 38.5 °C, cough; pneumonia suspected. Amoxicillin 3 × 1 g.", **FACTS),
    Document("zh", "患者𠮷某,发热38.5℃、咳嗽,考虑肺炎😷;予阿莫西林治疗。", **FACTS),
    Document("two-lines", "No fever.\nKnown asthma & <COPD>.", **FACTS),
    Document("unlabelled", "Nobody looks at this one.", **FACTS),
]


def spans(document: Document, **labels: str) -> dict[str, Span]:
    """Return spans by label, found by their text."""
    found = {}
    for label, surface in labels.items():
        start = document.text.index(surface)
        found[label] = Span(start, start + len(surface), label)
    return found


def labels(document: Document, certainty: str, **surfaces: str) -> Labels:
    """Return labels with every relation that the medical scheme allows between the spans."""
    by_label = spans(document, **surfaces)
    relations = [
        Relation(by_label[relation.head], by_label[relation.tail], relation.name)
        for relation in SCHEME.relations
        if {relation.head, relation.tail} <= set(by_label)
    ]
    return Labels(tuple(sorted(by_label.values())), tuple(sorted(relations)), {"certainty": (certainty,)})


EN, ZH, TWO_LINES, _ = DOCUMENTS
SAID = {
    "en": labels(EN, "suspected", symptom="Fever 38.5 °C", disease="pneumonia", treatment="Amoxicillin 3 × 1 g"),
    "zh": labels(ZH, "suspected", symptom="咳嗽", disease="肺炎😷", treatment="阿莫西林"),
    "two-lines": replace(
        labels(TWO_LINES, "confirmed", symptom="fever.\nKnown", disease="asthma & <COPD>"),
        comments={"comment": ("The span runs over a line end.",)},
    ),
}


class Server:
    """A Label Studio on this machine, spoken to as its administrator."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def call(self, path: str, body: object = None) -> Any:  # noqa: ANN401
        """Return what the server answers to a GET, or to a POST if there is a body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.code} {error.read().decode()[:300]}") from None

    def is_up(self) -> bool:
        """Whether it answers yet."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def installed(environment: Path) -> Path:
    """Return the program, installed first if need be."""
    program = environment / "bin" / "label-studio"
    if not program.exists():
        venv.create(environment, with_pip=True)
        install = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*map(str, install), REQUIREMENT], check=True)
    return program


@contextmanager
def running(program: Path, folder: Path) -> Iterator[Server]:
    """Start the server, wait until it answers, and stop it afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(20))
    environment = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_USERNAME": "first@localhost.example",
        "LABEL_STUDIO_PASSWORD": secrets.token_hex(12),
        "LABEL_STUDIO_USER_TOKEN": server.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "COLLECT_ANALYTICS": "false",
        "DJANGO_DB": "sqlite",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [str(program), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=inherited | environment)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not server.is_up():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"Label Studio does not start:\n{(folder / 'server.log').read_text()[-3000:]}")
                time.sleep(2)
            yield server
        finally:
            process.terminate()
            process.wait(60)


def labelled(server: Server) -> tuple[Any, Any]:
    """Import our tasks, label them through the API, and return the JSON and the JSON-MIN export."""
    first = server.call("/api/current-user/whoami")["id"]
    second = server.call("/api/users/", {"email": "second@localhost.example", "username": "second"})["id"]
    project = server.call("/api/projects/", {"title": "ours", "label_config": labelling_config(SCHEME)})["id"]
    suggestions = [Suggestion(document, "terms", 0.75, SAID[document]) for document in ("en", "zh")]
    imported = server.call(f"/api/projects/{project}/import", tasks(DOCUMENTS, suggestions))
    assert (imported["task_count"], imported["prediction_count"]) == (4, 2), imported
    listed = server.call(f"/api/tasks/?project={project}&fields=all")["tasks"]
    number = {task["data"]["document"]: task["id"] for task in listed}
    for document in SAID:
        results = tasks([d for d in DOCUMENTS if d.id == document], [Suggestion(document, "", 1.0, SAID[document])])
        result = results[0]["predictions"][0]["result"]
        path = f"/api/tasks/{number[document]}/annotations/"
        server.call(path, {"result": result, "lead_time": 12.5, "completed_by": first})
        # The second one skips what the first one labelled, save the Chinese task.
        skips = document != "zh"
        body = {"result": [] if skips else result, "was_cancelled": skips, "completed_by": second, "lead_time": 3.0}
        server.call(path, body)
    server.call(f"/api/tasks/{number['unlabelled']}/drafts", {"result": [], "lead_time": 1.0})
    export = f"/api/projects/{project}/export?download_all_tasks=true&exportType="
    return server.call(f"{export}JSON"), server.call(f"{export}JSON_MIN")


def compare(full: Path, small: Path) -> None:
    """Check that both exports come back as what was said, vote by vote."""
    documents = {document.id: document for document in DOCUMENTS}
    votes = label_studio.read(full, Expected(documents, SCHEME))
    by_annotator: dict[str, list[Annotation]] = {}
    for vote in votes:
        by_annotator.setdefault(vote.annotator, []).append(vote)
    one, other = by_annotator.values()
    assert {vote.document: vote.labels for vote in one} == SAID
    assert {vote.document: vote.answer for vote in other} == {"en": "ignore", "zh": "accept", "two-lines": "ignore"}
    assert [vote.labels for vote in other if not vote.cancelled] == [SAID["zh"]]
    assert {vote.lead_seconds for vote in one} == {12.5}
    rows = label_studio.read(small, Expected(documents, WITHOUT_RELATIONS))
    flat = {document: replace(said, relations=()) for document, said in SAID.items()}
    assert sorted(row.document for row in rows) == ["en", "two-lines", "zh", "zh"]
    assert all(row.labels == flat[row.document] for row in rows)
    print(f"label_studio: {len(votes)} annotations and {len(rows)} rows came back as they were said")


def main(arguments: list[str]) -> None:
    """Run it all."""
    with tempfile.TemporaryDirectory() as temporary:
        environment = Path(arguments[0]) if arguments else Path(temporary) / "environment"
        kept = Path(arguments[1]) if arguments[1:] else Path(temporary)
        data = Path(temporary) / "data"
        data.mkdir()
        with running(installed(environment), data) as server:
            full, small = labelled(server)
        for name, export in (("label_studio.json", full), ("label_studio_min.json", small)):
            (kept / name).write_text(json.dumps(export, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        compare(kept / "label_studio.json", kept / "label_studio_min.json")


if __name__ == "__main__":
    main(sys.argv[1:])
