"""A database is only read, its password never shown, and its rows are hashed.

SQLite runs here; of another database, a stand-in shows what it is told.
"""

import hashlib
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
import yaml

from r1tailor import config
from r1tailor.errors import DataError
from r1tailor.schema.sources import SqlSource
from r1tailor.sources import read, sql
from tests.support.source_cases import FACTS, Case

COLUMNS = {"text": "note", "id": "id"}
SQLITE = {"kind": "sql", "url": "sqlite:///data/a b#1.db", "query": "SELECT id, note FROM notes", "columns": COLUMNS}
SECRET = "hunter2"


def source(**changes: Any) -> SqlSource:  # noqa: ANN401
    checked = Case("", SQLITE | changes, lambda *_: None).source()
    assert isinstance(checked, SqlSource)
    return checked


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "a b#1.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE notes (id, note)")
        connection.executemany("INSERT INTO notes VALUES (?, ?)", [(n, f"Roe {n}%") for n in range(1, 1001)])
    return path


def _refusal(settings: SqlSource, root: Path) -> str:
    with pytest.raises(DataError) as refusal:
        list(read(settings, root, []))
    assert refusal.value.__cause__ is None or SECRET not in str(refusal.value.__cause__)
    return str(refusal.value)


def test_rows_come_in_the_order_of_the_query_and_the_file_stays_as_it_is(database: Path, tmp_path: Path) -> None:
    before = (database.read_bytes(), sorted(tmp_path.rglob("*")))
    found = list(read(source(query="SELECT * FROM notes ORDER BY id DESC"), tmp_path, []))
    assert [document.id for document in found] == [f"mine-{n}" for n in range(1000, 0, -1)]
    assert (found[0].text, found[0].position, found[0].available_at) == ("Roe 1000%", "row 1", "2020-01-01")
    assert (database.read_bytes(), sorted(tmp_path.rglob("*"))) == before


def test_the_query_reaches_the_database_as_it_stands(database: Path, tmp_path: Path) -> None:
    query = "SELECT id, note || ' :x %s %(y)s ''10:30''' AS note FROM notes WHERE note LIKE '%9_\\%' ESCAPE '\\';"
    texts = [document.text for document in read(source(query=query), tmp_path, [])]
    assert texts[0] == "Roe 90% :x %s %(y)s '10:30'"
    assert len(texts) == 100


def test_the_hash_is_over_the_columns_and_the_rows(database: Path, tmp_path: Path) -> None:
    rows = [["id", "note"], [1, "Roe 1%"], [2, "Roe 2%"]]
    expected = hashlib.sha256(b"".join(json.dumps(row).encode() for row in rows)).hexdigest()
    found = list(read(source(query="SELECT id, note FROM notes WHERE id < 3"), tmp_path, []))
    assert {document.sha256 for document in found} == {expected}
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM")
        connection.execute("INSERT INTO notes VALUES (0, 'other')")
        connection.commit()
    assert next(read(source(query="SELECT id, note FROM notes WHERE id IN (1, 2)"), tmp_path, [])).sha256 == expected
    assert next(read(source(query="SELECT id, note FROM notes WHERE id < 3"), tmp_path, [])).sha256 != expected


def test_rows_that_change_between_two_readings_are_an_error(database: Path, tmp_path: Path) -> None:
    said = _refusal(source(query="SELECT random() AS id, note FROM notes"), tmp_path)
    assert said == (
        "data/a b#1.db: the rows changed while they were read; an ORDER BY keeps their order "
        "(domain.sources, name: mine)"
    )


def test_cells_of_bytes_are_part_of_the_hash_and_no_fault_where_they_are_not_read(
    tmp_path: Path, database: Path
) -> None:
    hashes = set()
    for blob in ("x'00'", "x'01'"):
        (found,) = read(source(query=f"SELECT 1 AS id, 'a' AS note, {blob} AS scan"), tmp_path, [])
        hashes.add(found.sha256)
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"query": "SELECT * FROM no_such"}, "data/a b#1.db: no such table: no_such"),
        ({"query": "SELECT id, no_such FROM notes"}, "data/a b#1.db: no such column: no_such"),
        (
            {"query": "SELECT 1 AS id"},
            "data/a b#1.db: in the result of the query no column is called note; there are id",
        ),
        (
            {"query": "SELECT id, id, note FROM notes"},
            "data/a b#1.db: in the result of the query several columns are called id",
        ),
        ({"url": "sqlite:///data/no.db"}, "data/no.db is no file"),
        ({"url": "sqlite:///data"}, "data is no file"),
        ({"url": "sqlite://"}, "sqlite:// is no file"),
        ({"url": "sqlite:///junk.db"}, "junk.db: file is not a database"),
        ({"url": "nodb://host/x"}, "nodb://host/x: SQLAlchemy knows no nodb"),
        ({"url": "postgresql://host:port/x"}, "url is not one that SQLAlchemy understands"),
        (
            {"password_variable": "R1TAILOR_SECRET_NOT_SET"},
            "the environment variable R1TAILOR_SECRET_NOT_SET is not set",
        ),
        ({"query": "SELECT json_extract(note, '$.a') AS id, note FROM notes"}, "data/a b#1.db: SQLITE_ERROR"),
        ({"query": "SELECT id, note FROM notes WHERE 0"}, "no document comes of the source: it is empty"),
    ],
)
def test_what_cannot_be_read_is_named(changes: dict[str, Any], said: str, database: Path, tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"junk" * 1000)
    assert _refusal(source(**changes), tmp_path) == f"{said} (domain.sources, name: mine)"


def test_sqlite_refuses_to_write_even_past_the_schema(database: Path, tmp_path: Path) -> None:
    for statement in ("DELETE FROM notes", "CREATE TABLE more (id)", "PRAGMA user_version = 7"):
        past = SqlSource.model_construct(**(FACTS | SQLITE | {"query": statement, "columns": source().columns}))
        assert "not authorized" in _refusal(past, tmp_path)


@pytest.mark.parametrize(
    "query",
    [
        "ATTACH 'other.db' AS other",
        "SELECT load_extension('evil') AS id, 1 AS note",
        "SELECT id, writefile('x', note) AS note FROM notes",
        "SELECT readfile('/etc/passwd') AS note, 1 AS id",
        "SELECT name AS note, cid AS id FROM pragma_table_info('notes')",
        "PRAGMA writable_schema = ON",
        "VACUUM INTO 'copy.db'",
        "CREATE TEMP TABLE t (x)",
    ],
)
def test_sqlite_does_nothing_but_read_its_own_tables(query: str, database: Path, tmp_path: Path) -> None:
    past = SqlSource.model_construct(**(FACTS | SQLITE | {"query": query, "columns": source().columns}))
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE x (y)")
    before = sorted(tmp_path.rglob("*"))
    assert _refusal(past, tmp_path).startswith("data/a b#1.db: ")
    assert sorted(tmp_path.rglob("*")) == before


ENDLESS = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, id AS note FROM n"


def test_a_query_ends_at_its_limits_and_the_limit_is_named(database: Path, tmp_path: Path) -> None:
    said = _refusal(source(query=ENDLESS, most_rows=1000), tmp_path)
    assert said.startswith("data/a b#1.db: the query returns more than most_rows = 1000 rows; add a WHERE or LIMIT")
    silent = ENDLESS.replace("FROM n)", "FROM n WHERE id < 1)").replace(
        "SELECT id, id AS note FROM n", "SELECT count(*) AS id, '' AS note FROM notes a, notes b, notes c, notes d"
    )
    said = _refusal(source(query=silent, timeout_seconds=1), tmp_path)
    assert said.startswith("data/a b#1.db: the query took longer than timeout_seconds = 1; ask for fewer rows")


class Cursor(sqlite3.Cursor):
    """Takes what other databases know."""

    def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:  # noqa: ANN401
        assert isinstance(self.connection, StandIn)
        self.connection.told.append(f"{statement} with {given}" if given else statement)
        known = statement.startswith(self.connection.known)
        answer = f"SELECT '{self.connection.superuser}'" if "is_superuser" in statement else "SELECT 1"
        return super().execute(answer if known else statement, *given)


class StandIn(sqlite3.Connection):
    """A database that says it is another one, and notes what it is told."""

    told: list[str]
    known: tuple[str, ...] = ("SET ", "SELECT current_setting")
    superuser = "off"

    def cursor(self, *_: object) -> sqlite3.Cursor:  # type: ignore[override]
        return super().cursor(Cursor)

    def rollback(self) -> None:
        self.told.append("ROLLBACK")
        super().rollback()

    def commit(self) -> None:
        self.told.append("COMMIT")
        super().commit()


@pytest.fixture
def other(database: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A stand-in for the engine of any URL."""
    connection = sqlite3.connect(database, factory=StandIn)
    connection.told = []
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: connection, poolclass=sqlalchemy.NullPool)
    monkeypatch.setattr(sql, "_engine", lambda *_: engine)
    return connection


def test_another_database_is_told_to_only_read_and_is_rolled_back(other: StandIn, tmp_path: Path) -> None:
    settings = source(url="postgresql+psycopg://me@host/wards", query="SELECT id, note FROM notes WHERE id < 3")
    assert [document.id for document in read(settings, tmp_path, [])] == ["mine-1", "mine-2"]
    asked = [statement for statement in other.told if "PRAGMA" not in statement]
    limits = ["SET LOCAL statement_timeout = 600000", "SELECT current_setting('is_superuser')"]
    assert asked[-6:] == ["SET TRANSACTION READ ONLY", *limits, settings.query, settings.query, "ROLLBACK"]
    assert "COMMIT" not in other.told


def test_mysql_is_told_to_only_read_before_its_transaction_begins(other: StandIn, tmp_path: Path) -> None:
    settings = source(url="mysql+pymysql://me@host/wards", query="SELECT id, note FROM notes WHERE id < 3")
    assert len(list(read(settings, tmp_path, []))) == 2
    asked = [statement for statement in other.told if "PRAGMA" not in statement]
    begun = ["SET SESSION max_execution_time = 600000", "ROLLBACK", "SET TRANSACTION READ ONLY"]
    assert asked[-6:] == [*begun, settings.query, settings.query, "ROLLBACK"]


def test_a_superuser_of_postgresql_is_refused(other: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StandIn, "superuser", "on")
    said = _refusal(source(url="postgresql+psycopg://me@host/wards"), tmp_path)
    assert said.startswith("postgresql+psycopg://me@host/wards: the role is a superuser; use one that may only SELECT")
    assert source().query not in other.told


def test_a_database_that_cannot_be_told_to_only_read_is_not_asked(other: StandIn, tmp_path: Path) -> None:
    other.known = ()
    said = _refusal(source(url="odd://me@host/wards"), tmp_path)
    assert said == 'odd://me@host/wards: near "SET": syntax error (domain.sources, name: mine)'
    assert source().query not in other.told


def test_what_another_driver_says_is_not_repeated() -> None:
    error = sqlalchemy.exc.DataError("SELECT 1", {}, type("InvalidText", (Exception,), {})("invalid: Roe"))
    assert sql._reason(error, "SELECT 1") == "InvalidText"


def test_the_password_comes_from_the_environment_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_SECRET_WARDS", SECRET)
    monkeypatch.setenv("R1TAILOR_SECRET_WARDS_HOST", "host")
    settings = source(url="postgresql+psycopg://me@host/wards", password_variable="R1TAILOR_SECRET_WARDS")
    url = sql._url(settings)
    assert (url.password, sql._shown(url)) == (SECRET, "postgresql+psycopg://me:***@host/wards")
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("host", [None, "", "other", "host.evil.example"])
def test_a_password_goes_to_no_host_but_the_one_configured_with_it(
    host: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R1TAILOR_SECRET_WARDS", SECRET)
    monkeypatch.delenv("R1TAILOR_SECRET_WARDS_HOST", raising=False)
    if host is not None:
        monkeypatch.setenv("R1TAILOR_SECRET_WARDS_HOST", host)
    settings = source(url="postgresql+psycopg://me@host/wards", password_variable="R1TAILOR_SECRET_WARDS")
    said = _refusal(settings, tmp_path)
    assert said == (
        "R1TAILOR_SECRET_WARDS is not sent to host: the environment variable R1TAILOR_SECRET_WARDS_HOST must name the "
        "host that may have it (domain.sources, name: mine)"
    )


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("psycopg", "postgresql+psycopg://me:***@host/wards: its driver psycopg is not installed"),
        ("sqlalchemy.exc", "kind: sql needs SQLAlchemy: pip install sqlalchemy"),
    ],
)
def test_a_package_that_is_missing_is_named(
    module: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R1TAILOR_SECRET_WARDS", SECRET)
    monkeypatch.setenv("R1TAILOR_SECRET_WARDS_HOST", "host")
    monkeypatch.setitem(sys.modules, module, None)
    settings = source(url="postgresql+psycopg://me@host/wards", password_variable="R1TAILOR_SECRET_WARDS")
    assert _refusal(settings, tmp_path) == f"{said} (domain.sources, name: mine)"


PASSWORD = "must hold no password: name the environment variable that holds it in password_variable"
PARAMETER = (
    "must hold no password or other secret, and no parameter but sslmode, sslrootcert, ssl_ca, ssl_verify_cert, "
    "ssl_verify_identity, charset, client_encoding, application_name, connect_timeout, timeout, driver, encrypt, "
    "trustservercertificate: a password's environment variable is named in password_variable"
)
VARIABLE = (
    "must be the name of an environment variable that begins with R1TAILOR_SECRET_, such as R1TAILOR_SECRET_WARDS, "
    "never the password itself"
)
PARAMETERS = (
    *("password", "passwd", "pwd", "Token", "api_key", "apikey", "private_key", "private_key_path", "dsn", "secret"),
    *("sslpassword", "sslkey", "passfile", "service", "host", "hostaddr", "unix_socket", "odbc_connect", "plugin"),
    *("options", "init_command", "read_default_file", "local_infile", "plugin_dir", "%70assword", "credentials_path"),
)
WRITES = "must not stand in it, in quotes neither: a source is only read"
BAD: list[tuple[str, str, str]] = [
    ("url", f"postgresql://me:{SECRET}@host/x", PASSWORD),
    ("url", f"postgresql://me:a/{SECRET}@host/x", PASSWORD),
    ("url", f"postgresql://:{SECRET}@/x", PASSWORD),
    ("url", f"postgresql://me%3A{SECRET}@host/x", PASSWORD),
    *(("url", f"odd+driver://me@host/x?charset=utf8&{name}={SECRET}", PARAMETER) for name in PARAMETERS),
    (
        "url",
        "mssql+pyodbc://me@host/x?driver=/tmp/evil.so",
        "driver: the value must be letters, digits, spaces and .+()- only",
    ),
    ("url", SECRET, "must be a URL such as sqlite:///data/notes.db or postgresql+psycopg://user@host/database"),
    ("password_variable", SECRET, VARIABLE),
    ("password_variable", "", VARIABLE),
    ("password_variable", "AWS_SECRET_ACCESS_KEY", VARIABLE),
    ("password_variable", "R1TAILOR_SECRET_", VARIABLE),
    ("password_variable", "R1TAILOR_SECRET_WARDS_HOST", VARIABLE),
    ("query", "", "must begin with SELECT or WITH: a source is only read"),
    ("query", "DELETE FROM notes", "must begin with SELECT or WITH: a source is only read"),
    ("query", "selected", "must begin with SELECT or WITH: a source is only read"),
    ("query", "/* x */ SELECT 1", "must begin with SELECT or WITH: a source is only read"),
    ("query", "SELECT 1; COMMIT; DROP TABLE notes", "must be one statement: a ';' may stand at its end only"),
    ("query", "SELECT 'a\\'; DROP TABLE notes --'", "must be one statement: a ';' may stand at its end only"),
    ("query", "SELECT * INTO other FROM notes", f"INTO {WRITES}"),
    ("query", "SELECT 1 /*! INTO OUTFILE '/tmp/x' */", f"INTO {WRITES}"),
    ("query", "WITH gone AS (DELETE FROM notes RETURNING *) SELECT * FROM gone", f"DELETE {WRITES}"),
    ("query", "SELECT * FROM notes FOR update", f"UPDATE {WRITES}"),
]


@pytest.fixture(scope="module")
def composition() -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load(config.as_yaml(config.load([])))
    return composed


@pytest.mark.parametrize(("key", "value", "said"), BAD)
def test_a_secret_or_a_statement_that_may_write_is_refused_and_not_shown(
    key: str, value: str, said: str, composition: dict[str, Any]
) -> None:
    composition["domain"]["sources"] = [FACTS | SQLITE | {key: value}]
    assert config.explain(composition, {}) == [f"domain.sources.0.{key}: {said} (domain=medical)"]
    assert SECRET not in said


def test_words_that_only_hold_a_refused_one_are_allowed() -> None:
    query = "WITH recent AS (SELECT id, note, updated_at, is_deleted FROM notes) SELECT id, note FROM recent ;\n"
    assert source(query=query).query == query.strip(" ;\n")
