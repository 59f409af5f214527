"""Electronic mail addresses, web addresses and network addresses."""

import ipaddress
import re
from collections.abc import Iterator

from r1tailor.corpus.privacy.findings import Finding, guarded

_BEFORE_AT = re.compile(r"[A-Za-z0-9._%+'-]{1,64} ?$")
_AFTER_AT = re.compile(r" ?[A-Za-z0-9-]{1,63}(?: ?\. ?[A-Za-z0-9-]{1,63}){1,5}", re.ASCII)
_AT = re.compile(r"@|[(\[] ?at ?[)\]]")
_URL = re.compile(r"(?:https?|ftp)[:;] ?/ ?/ ?[^\s<>\"'()\[\]{}\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]{3,2000}")
_WWW = re.compile(r"\bwww ?\.[A-Za-z0-9./?=&%_~:-]{3,2000}", re.ASCII)
_DOMAIN = re.compile(
    r"(?<![A-Za-z0-9@.-])(?:[A-Za-z0-9-]{2,63}\.){1,4}(?:com|org|net|edu|gov|cn|info)(?![A-Za-z0-9.-]\w)(?:/[^\s,;]{0,500})?",
    re.ASCII,
)
_IPV4 = re.compile(r"(?<![\w.])[0-9OolI]{1,3}(?:\. ?[0-9OolI]{1,3}){3}(?!\w|\.[0-9])", re.ASCII)
_IPV6 = re.compile(r"(?<![\w.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){3,7}(?![\w:])", re.ASCII)
_SHORTEST_IPV4 = 7  # digits: a shorter one may be the number of a section or of a version
_GUARDS = (re.compile("tp").search, re.compile("www").search, re.compile(r"\.(?:com|org|net|edu|gov|cn|info)").search)
_DOTTED, _COLONS = re.compile(r"[0-9OolI]\. ?[0-9OolI]").search, re.compile(":[0-9A-Fa-f]{0,4}:").search
_IP_LABEL = re.compile(r"\bip(?:v4)?(?: address)?[ :]{0,3}$|ip ?地址[为是: ]{0,3}$", re.IGNORECASE | re.ASCII)


def find(text: str) -> Iterator[Finding]:
    """Yield e-mail, web and network addresses."""
    yield from _emails(text)
    for guard, pattern in zip(_GUARDS, (_URL, _WWW, _DOMAIN), strict=True):
        for match in guarded(guard, pattern, text):
            yield Finding("url", match.start(), match.start() + len(match.group().rstrip(".,;:!?")))
    if ":" in text or "." in text:
        yield from _addresses(text)


def _emails(text: str) -> Iterator[Finding]:
    for at in _AT.finditer(text):
        before = _BEFORE_AT.search(text, max(0, at.start() - 65), at.start())
        after = _AFTER_AT.match(text, at.end())
        if before and after:
            yield Finding("email", before.start(), after.end())


def _addresses(text: str) -> Iterator[Finding]:
    for match in guarded(_DOTTED, _IPV4, text):
        written = match.group().replace(" ", "")
        long = sum(character.isdigit() for character in written) >= _SHORTEST_IPV4
        if long or _IP_LABEL.search(text, max(0, match.start() - 20), match.start()):
            yield Finding("ip", *match.span(), _is_address(written))
    for match in guarded(_COLONS, _IPV6, text):
        if "::" in match.group() or match.group().count(":") == 7:
            yield Finding("ip", *match.span(), _is_address(match.group()))


def _is_address(written: str) -> bool:
    try:
        ipaddress.ip_address(written)
    except ValueError:
        return False
    return True
