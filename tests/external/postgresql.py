"""A real PostgreSQL gives its rows to a source of kind ``sql``, and refuses whatever is not reading.

    python tests/external/postgresql.py

Uses the server that is installed on this machine (``initdb`` and ``pg_ctl``; Debian: ``apt-get install postgresql``),
in a temporary folder, on a free port of localhost, and stops it at the end. The driver, psycopg, is installed into the
same folder where Python does not have it. Without a server nothing is tested, and that is said.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from r1tailor.errors import DataError
from r1tailor.schema.sources import SqlSource
from r1tailor.sources import read, sql

DRIVER = "psycopg[binary]==3.3.9"
VARIABLE = "R1TAILOR_SECRET_WARDS"
PASSWORD = "it's a : / @ secret"
FACTS = {"name": "wards", "licence": "l", "available_at": "2020-01-01", "on_damage": "stop", "kind": "sql"}
SCHEMA = f"""
CREATE TABLE notes (id int, note text);
INSERT INTO notes SELECT n, 'Roe 病 ' || n FROM generate_series(1, 2000) n;
CREATE SEQUENCE counter;
CREATE ROLE reader LOGIN PASSWORD '{PASSWORD.replace("'", "''")}';
CREATE ROLE writer LOGIN PASSWORD '{PASSWORD.replace("'", "''")}';
CREATE ROLE boss LOGIN SUPERUSER PASSWORD '{PASSWORD.replace("'", "''")}';
GRANT SELECT ON notes TO reader;
GRANT ALL ON notes, counter TO writer;
CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM notes; SELECT 1';
"""


def programs() -> Path | None:
    """Return the folder of the newest server that is installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), default=None)


def free_port() -> int:
    """Return a port of localhost that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def server(folder: Path, binaries: Path) -> Iterator[int]:
    """Run a server for the time inside; give its port."""
    root = os.geteuid() == 0
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
    port, data = free_port(), folder / "data"
    data.mkdir(mode=0o700)
    if root:  # a server does not run as root
        folder.chmod(0o755)
        shutil.chown(data, "postgres", "postgres")

    def call(*arguments: str) -> None:
        command = [str(binaries / arguments[0]), *arguments[1:]]
        subprocess.run(command, check=True, cwd=data, stdout=subprocess.DEVNULL, **user)

    secret = data.parent / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    call("initdb", "-D", str(data), "-U", "admin", "-A", "scram-sha-256", "-E", "UTF8", "--pwfile", str(secret))
    call("pg_ctl", "-D", str(data), "-w", "-o", f"-p {port} -h 127.0.0.1 -k {data}", "-l", str(data / "log"), "start")
    try:
        yield port
    finally:
        call("pg_ctl", "-D", str(data), "-w", "-m", "fast", "stop")


def source(port: int, role: str, **changes: Any) -> SqlSource:  # noqa: ANN401
    """Return a source of the table."""
    given = {
        "url": f"postgresql+psycopg://{role}@127.0.0.1:{port}/postgres",
        "password_variable": VARIABLE,
        "query": "SELECT id, note FROM notes ORDER BY id",
        "columns": {"text": "note", "id": "id"},
    }
    return SqlSource.model_validate(FACTS | given | changes)


def refusal(settings: SqlSource) -> str:
    """Return how a source is refused."""
    try:
        list(read(settings, Path.cwd(), []))
    except DataError as error:
        said = str(error)
    else:
        raise AssertionError(f"not refused: {settings.query}")
    assert PASSWORD not in said
    return said


def check(port: int) -> int:
    """Read, and try what must be refused; return the number of checks."""
    import psycopg  # type: ignore[import-not-found]

    admin = {"host": "127.0.0.1", "port": port, "dbname": "postgres", "password": PASSWORD}
    with psycopg.connect(user="admin", autocommit=True, **admin) as connection:
        connection.execute(SCHEMA)

        def state() -> tuple[Any, ...]:
            return (
                connection.execute("SELECT count(*), sum(id) FROM notes").fetchone(),
                connection.execute("SELECT last_value, is_called FROM counter").fetchone(),
            )

        before = state()
        documents = list(read(source(port, "reader"), Path.cwd(), []))
        assert [document.text for document in documents] == [f"Roe 病 {n}" for n in range(1, 2001)]
        assert all(PASSWORD not in str(document) for document in documents)
        with sql.connected(source(port, "reader"), Path.cwd()) as (opened, _):
            assert opened.exec_driver_sql("SHOW transaction_read_only").scalar() == "on"
        tried = {
            ("writer", "SELECT wipe() AS id, '' AS note"): "ReadOnlySqlTransaction",
            ("writer", "SELECT nextval('counter') AS id, '' AS note"): "ReadOnlySqlTransaction",
            ("writer", "SELECT set_config('transaction_read_only', 'off', false) AS note, 1 AS id"): "",
            ("reader", "SELECT pg_read_file('/etc/passwd') AS note, 1 AS id"): "InsufficientPrivilege",
            ("reader", "SELECT rolpassword AS note, 1 AS id FROM pg_authid"): "InsufficientPrivilege",
            ("boss", "SELECT pg_read_file('/etc/passwd') AS note, 1 AS id"): "the role is a superuser",
        }
        for (role, query), reported in tried.items():
            said = refusal(source(port, role, query=query))
            assert reported in said, said
        said = refusal(source(port, "reader", query="SELECT pg_sleep(30)::text AS note, 1 AS id", timeout_seconds=1))
        assert "the query took longer than timeout_seconds = 1" in said, said
        said = refusal(source(port, "reader", most_rows=1000))
        assert "more than most_rows = 1000 rows" in said, said
        os.environ[f"{VARIABLE}_HOST"] = "db.example.org"
        assert "is not sent to 127.0.0.1" in refusal(source(port, "reader"))
        os.environ[f"{VARIABLE}_HOST"] = "127.0.0.1"
        os.environ[VARIABLE] = "wrong"
        assert "OperationalError" in refusal(source(port, "reader"))
        assert state() == before
    return len(tried) + 6


def main() -> None:
    """Run the checks on a server of this machine."""
    binaries = programs()
    if binaries is None:
        print("no PostgreSQL is installed here (initdb was not found): nothing was tested")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            import psycopg  # noqa: F401
        except ModuleNotFoundError:
            install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "driver"), DRIVER]
            subprocess.run(install, check=True)
            sys.path.insert(0, str(folder / "driver"))
        os.environ |= {VARIABLE: PASSWORD, f"{VARIABLE}_HOST": "127.0.0.1"}
        with server(folder, binaries) as port:
            print(f"{check(port)} checks on a real PostgreSQL ({binaries}) passed")


if __name__ == "__main__":
    main()
