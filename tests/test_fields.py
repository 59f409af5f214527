"""Kinds of values: what each takes, what it refuses, and with which words."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from r1tailor import fields

TAKEN: list[tuple[Any, str]] = [
    (fields.Name, "medical_zh2"),
    (fields.Symbol, "^GSPC"),
    (fields.Package, "simple-icd-10-cm"),
    (fields.PackageVersion, "1.5.0rc1"),
    (fields.Location, "/data/病 历/x (1).csv"),
    (fields.Member, "a/b.xml"),
    (fields.Response, "{reasoning}\n{output} {{kept}}"),
    (fields.Delimiter, "\t"),
    (fields.UrlWithoutSecret, "postgresql+psycopg://user@host/database"),
    (fields.SecretVariable, "R1TAILOR_SECRET_WARDS"),
    (fields.Commit, "ad9f0ae0864d7fbcd1cd905e3c6c5b069cc8b562"),
    (fields.Select, " with a as (select 1) select * from a; "),
    (fields.Select, "SELECT inserted_at FROM updates"),
    (fields.IsoDate, "2024-02-29"),
]
REFUSED: list[tuple[Any, str, str]] = [
    (fields.Name, "Medical", "pattern"),
    (fields.Name, "../x", "pattern"),
    (fields.Symbol, "a b", "pattern"),
    (fields.Package, "-r evil", "pattern"),
    (fields.PackageVersion, "1.0 --index-url x", "pattern"),
    (fields.Location, "", "must name a file or folder"),
    (fields.Location, "a\0b", "null character"),
    (fields.Location, "x" * 256, "255 bytes between two slashes"),
    (fields.Location, "病" * 100, "255 bytes between two slashes"),
    (fields.Location, "x/" * 600, "at most 1024 characters"),
    (fields.Member, "../x", "without '..'"),
    (fields.Member, "/x", "relative path"),
    (fields.Member, "a/SOURCE.json", "must not be called SOURCE.json"),
    (fields.Response, "{output.__class__}", "only plain fields"),
    (fields.Response, "{output!r}", "only plain fields"),
    (fields.Response, "{output:>10}", "only plain fields"),
    (fields.Delimiter, "ab", "one character"),
    (fields.Delimiter, '"', "no quote"),
    (fields.UrlWithoutSecret, "notes.db", "must be a URL"),
    (fields.UrlWithoutSecret, "postgresql://user:secret@host/x", "must hold no password"),
    (fields.UrlWithoutSecret, "mssql://host/x?user=u&PWD=secret", "must hold no password"),
    (fields.SecretVariable, "DB_PASSWORD", "begins with R1TAILOR_SECRET_"),
    (fields.SecretVariable, "hunter2", "never the password itself"),
    (fields.Commit, "main", "must be the hash of a commit"),
    (fields.Commit, "ad9f0ae", "40 digits"),
    (fields.Commit, "a" * 40 + "\n", "40 digits"),
    (fields.Select, "delete from notes", "must begin with SELECT or WITH"),
    (fields.Select, "select 1; select 2", "must be one statement"),
    (fields.Select, "with a as (delete from x returning 1) select * from a", "DELETE must not stand in it"),
    (fields.IsoDate, "2023-02-29", "must be a date"),
]


@pytest.mark.parametrize(("kind", "value"), TAKEN, ids=[repr(value) for _, value in TAKEN])
def test_a_value_of_its_kind_is_taken_as_it_is_or_trimmed(kind: Any, value: str) -> None:  # noqa: ANN401
    assert TypeAdapter(kind).validate_python(value).strip() in value


@pytest.mark.parametrize(("kind", "value", "reported"), REFUSED, ids=[repr(value)[:40] for _, value, _ in REFUSED])
def test_another_value_is_refused_with_what_is_allowed(kind: Any, value: str, reported: str) -> None:  # noqa: ANN401
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert reported in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://user:hunter2@host/x", "mysql://host/x?password=hunter2"])
def test_a_secret_in_a_url_is_not_repeated_by_its_own_message(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(fields.UrlWithoutSecret).validate_python(url)
    (error,) = caught.value.errors()
    assert "hunter2" not in error["msg"]
