"""Kinds of values that the sections share: each is a type that says what may stand there.

Whatever becomes part of a path, of what pip is asked for or of a format string has its own kind here, so that no
setting leads out of its folder, runs a program or reads more than it names.
"""

import re
import string
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import unquote_plus

from pydantic import AfterValidator, Field

_PASSWORD = re.compile(r"[^:]+://[^@]*(?::|%3A)[^@]*@", re.IGNORECASE)  # whatever some driver could take for one
# What a URL may ask of a driver: nothing that names a secret, another host, a file of settings or a library.
_URL_PARAMETERS = (
    *("sslmode", "sslrootcert", "ssl_ca", "ssl_verify_cert", "ssl_verify_identity", "charset", "client_encoding"),
    *("application_name", "connect_timeout", "timeout", "driver", "encrypt", "trustservercertificate"),
)
_PARAMETER_VALUE = re.compile(r"[\w .+()-]*")
_CERTIFICATE = re.compile(r"[\w ./+-]*")
_SECRET_VARIABLE = re.compile(r"R1TAILOR_SECRET_[A-Z0-9_]*[A-Z0-9]")
_READS = re.compile(r"(?:select|with)\b", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:insert|update|delete|merge|into)\b", re.IGNORECASE)
_TAKEN = ("redteam", "registry", "runs", "serving", "sweeps", "tasks")  # what outputs/ holds next to domains
_NO_CHARSET = re.compile(r"(?:raw.)?unicode.escape|idna|punycode|undefined", re.IGNORECASE)  # codecs of no file
_LONGEST_PATH, _LONGEST_NAME = 1024, 255  # in characters; what a Linux file system takes is counted in bytes


def _location(path: str) -> str:
    if not path or "\0" in path:
        raise ValueError("must name a file or folder, without a null character")
    if len(path) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_NAME for part in path.split("/")):
        raise ValueError(f"is too long: at most {_LONGEST_PATH} characters, {_LONGEST_NAME} bytes between two slashes")
    return path


def _member(path: str) -> str:
    parts = PurePosixPath(_location(path)).parts
    if path.startswith("/") or "\\" in path or not parts or ".." in parts:
        raise ValueError("must be a relative path inside the wheel, without '..'")
    if parts[-1] == "SOURCE.json":
        raise ValueError("must not be called SOURCE.json: that file is written next to it")
    return path


def _domain_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_]{0,99}", name):
        safe = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:100]
        such = f", such as {safe}" if safe else ""
        raise ValueError(f"{name!r} cannot name a folder everywhere: use lower-case letters, digits and _{such}")
    if name in _TAKEN:
        raise ValueError(f"{name!r} is a folder of outputs/ already: give the domain another name")
    return name


def _response(template: str) -> str:
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError:  # the domain reports it with its fields
        return template
    for _, name, specification, conversion in parsed:
        if name is not None and (any(sign in name for sign in ".[") or specification or conversion):
            raise ValueError("only plain fields such as {input} may stand in it: no '.', '[', '!' or ':' inside braces")
    return template


def _delimiter(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ValueError("must be one character, and no quote or line end")
    return delimiter


def _encoding(name: str) -> str:
    if name == "auto":
        return name
    try:
        usable = "a,\n".encode(name).decode(name) == "a,\n" and not _NO_CHARSET.match(name)
    except (LookupError, UnicodeError, ValueError):
        usable = False
    if not usable:
        raise ValueError("must be auto, or a codec of Python such as utf-8, cp1252 or gb18030")
    return name


def _url(url: str) -> str:
    """Refuse a secret without showing it: a setting is written into reports."""
    if "://" not in url:
        raise ValueError("must be a URL such as sqlite:///data/notes.db or postgresql+psycopg://user@host/database")
    if _PASSWORD.match(url):
        raise ValueError("must hold no password: name the environment variable that holds it in password_variable")
    _, _, query = url.partition("?")
    for name, _, value in (part.partition("=") for part in re.split("[&;]", query) if part):
        key = unquote_plus(name).lower()
        if key not in _URL_PARAMETERS:
            raise ValueError(
                "must hold no password or other secret, and no parameter but "
                f"{', '.join(_URL_PARAMETERS)}: a password's environment variable is named in password_variable"
            )
        if not (_CERTIFICATE if key in ("sslrootcert", "ssl_ca") else _PARAMETER_VALUE).fullmatch(unquote_plus(value)):
            raise ValueError(f"{key}: the value must be letters, digits, spaces and .+()- only")
    return url


def _variable(name: str) -> str:
    """Refuse any variable that was not set for this purpose, without showing what may be a password."""
    if not _SECRET_VARIABLE.fullmatch(name) or name.endswith("_HOST"):
        raise ValueError(
            "must be the name of an environment variable that begins with R1TAILOR_SECRET_, such as "
            "R1TAILOR_SECRET_WARDS, never the password itself"
        )
    return name


def _http_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or not rest or any(sign in rest for sign in "@?# \\"):
        raise ValueError("must be a URL such as https://models.example.org/v1, without user, password or parameters")
    return url.rstrip("/")


def _select(query: str) -> str:
    """Refuse what may write. Quotes are not looked into: databases differ in where a quoted text ends."""
    statement = query.strip().removesuffix(";").rstrip()
    if not _READS.match(statement):
        raise ValueError("must begin with SELECT or WITH: a source is only read")
    if ";" in statement:
        raise ValueError("must be one statement: a ';' may stand at its end only")
    if found := _WRITES.search(statement):
        raise ValueError(f"{found.group().upper()} must not stand in it, in quotes neither: a source is only read")
    return statement


def _commit(revision: str) -> str:
    if not re.fullmatch("[0-9a-f]{40}", revision):
        raise ValueError(
            "must be the hash of a commit (40 digits of 0-9a-f): a branch or tag such as main may be moved to other "
            "weights. The model's page on the hub lists its commits"
        )
    return revision


def _iso_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise ValueError('must be a date such as "2024-12-31"') from error
    return text


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=100)]
DomainName = Annotated[str, AfterValidator(_domain_name)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Symbol = Annotated[str, Field(pattern=r"^[A-Za-z0-9^][A-Za-z0-9._^=/-]*$", max_length=64)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$", max_length=200)]
PackageVersion = Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.+!]*$", max_length=100)]
Location = Annotated[str, AfterValidator(_location)]
Member = Annotated[str, AfterValidator(_member)]
Response = Annotated[str, AfterValidator(_response)]
Commit = Annotated[str, AfterValidator(_commit)]
Delimiter = Annotated[str, AfterValidator(_delimiter)]
Encoding = Annotated[str, AfterValidator(_encoding)]
UrlWithoutSecret = Annotated[str, AfterValidator(_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
SecretVariable = Annotated[str, AfterValidator(_variable)]
Select = Annotated[str, AfterValidator(_select)]
PasswordVariable = Annotated[
    SecretVariable | None,
    Field(
        description="Environment variable that holds the password, R1TAILOR_SECRET_<NAME>; it is sent to no host but "
        "the one in R1TAILOR_SECRET_<NAME>_HOST."
    ),
]
QuerySeconds = Annotated[
    int, Field(ge=1, le=86400, description="Most seconds that the query may take; the run ends where it takes longer.")
]
MostRows = Annotated[
    int, Field(ge=1, description="Most rows that the query may return; the run ends where it returns more.")
]
IsoDate = Annotated[str, AfterValidator(_iso_date)]
