"""Ask a model behind a URL that speaks OpenAI's API, such as vLLM, SGLang or a vendor's. No torch.

Its key comes from the environment and is sent to one host alone. Redirections are not followed.
"""

import http.client
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import SplitResult, urlsplit

from r1tailor.errors import ConfigError, UserError
from r1tailor.inference.answerer import Answer, Likelihood, Progress, Prompt, as_examples, silent
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.instruction.template import END_THINK, THINK, messages
from r1tailor.records import Example
from r1tailor.schema.objective import RemoteTeacher
from r1tailor.thinking import parted

_TRIES = 6
_BUSY = (429, 500, 502, 503, 504)
_LONGEST_WAIT = 60.0  # seconds
_LONGEST_BODY = 2**24  # bytes of an answer
_LONGEST_SHOWN = 300

# How families write the tokens that open and close turns; a server reads them as tokens wherever they stand.
_CONTROL = re.compile(
    r"<[|｜][^<>\n]{1,40}[|｜]>|</?(?:think|s|eos|bos|start_of_turn|end_of_turn)>|\[/?INST\]", re.IGNORECASE
)


class EndpointError(UserError):
    """The server refused a request, or did not answer it."""


class _Busy(Exception):
    """The request may succeed later.

    Args:
        why: what the server said.
        seconds: after which the server wants to be asked again; None where it does not say.
    """

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class EndpointAnswerer:
    """A model behind a URL; an ``Answerer`` that writes answers and knows no likelihoods.

    Args:
        settings: URL, model, key and patience.
        instruction: of the domain's task, for prompts that are texts.
        environment: where the key is.

    Raises:
        ConfigError: the key is missing, or may not be sent to the URL's host.
    """

    def __init__(
        self, settings: RemoteTeacher, instruction: str, environment: Mapping[str, str] = os.environ, pause: float = 1.0
    ) -> None:
        self._settings, self._instruction, self._pause = settings, instruction, pause
        self._url = urlsplit(settings.url)
        self._key = key_for(settings.key_variable, self._url.hostname or "", "objective.endpoint", environment)

    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        """Return one answer for each prompt, in order; reasoning that the server tells apart stands in its tags.

        Raises:
            EndpointError: the server refuses a prompt, or answers none of several tries.
        """
        examples = as_examples(prompts, self._instruction)
        if called := [one.id for one in examples if one.tools or any(turn.fields for turn in one.turns)]:
            raise EndpointError(
                f"{self._settings.url}: calls of tools are not sent to an endpoint; example {called[0]}"
            )
        bodies = [self._body(example, sampling) for example in examples]
        with ThreadPoolExecutor(self._settings.requests_at_once) as pool:
            return [_told(answer, progress) for answer in pool.map(self._patiently, bodies)]

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        """Refuse: such a server tells no likelihood of a text that it did not write."""
        raise EndpointError(f"{self._settings.url}: an endpoint gives no likelihoods of given texts")

    def rank(
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Progress = silent,
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        """Refuse, as ``score``."""
        raise EndpointError(f"{self._settings.url}: an endpoint gives no likelihoods of given texts")

    def _body(self, example: Example, sampling: Sampling) -> bytes:
        turns = messages(example)
        body = {
            "model": self._settings.model,
            "messages": [{"role": turn["role"], "content": plain(turn["content"])} for turn in turns],
            "max_tokens": sampling.longest or None,  # a server knows one budget for all that is written
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed_of(example.id) % 2**31,
        }
        return json.dumps({name: value for name, value in body.items() if value is not None}).encode()

    def _patiently(self, body: bytes) -> Answer:
        """Ask again where the server is busy or unreachable, later each time."""
        for number in range(_TRIES):
            try:
                return _answer(_posted(self._url, self._key, body, self._settings.timeout_seconds))
            except _Busy as busy:
                if number == _TRIES - 1:
                    raise EndpointError(f"{self._settings.url}: {busy}, {_TRIES} times") from busy
                time.sleep(min(busy.seconds or self._pause * 2**number, _LONGEST_WAIT))
        raise AssertionError


def plain(text: str) -> str:
    """Return a text in which names of control tokens are text: a space after the first character, as in training."""
    return _CONTROL.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)


def key_for(name: str | None, host: str, setting: str, environment: Mapping[str, str]) -> str:
    """Return the key for a host from an environment variable; empty where none is named.

    Args:
        name: of the variable; the variable ``<name>_HOST`` names the host that may have the key.
        host: that it would be sent to.
        setting: that names the variable, for the message.
        environment: where both are.

    Raises:
        ConfigError: the key is missing, or may not be sent to the host.
    """
    if name is None:
        return ""
    key, allowed = environment.get(name), environment.get(f"{name}_HOST")
    if not key:
        raise ConfigError([f"{setting}.key_variable: the environment variable {name} is not set"])
    if not allowed or allowed.lower() != host.lower():
        raise ConfigError(
            [f"{name} is not sent to {host}: the environment variable {name}_HOST must name the host that may have it"]
        )
    return key


def _told(answer: Answer, progress: Progress) -> Answer:
    progress(1)
    return answer


def connected(url: SplitResult, timeout: float) -> http.client.HTTPConnection:
    """Return a connection to a URL's host, not yet opened; ``timeout`` in seconds."""
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "", url.port, timeout=timeout)


def headers_of(key: str) -> dict[str, str]:
    """Return the headers of a request with a JSON body."""
    return {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})


def _posted(url: SplitResult, key: str, body: bytes, timeout: float) -> Any:  # noqa: ANN401
    """Return the JSON of an answer.

    Raises:
        EndpointError: the server refuses the request.
        _Busy: it may answer later.
    """
    connection = connected(url, timeout)
    try:
        connection.request("POST", f"{url.path}/chat/completions", body, headers_of(key))
        with connection.getresponse() as response:
            read = response.read(_LONGEST_BODY)
            if response.status != 200:
                raise _refused(url, response, read)
            return json.loads(read)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Busy(f"cannot be reached, or breaks off ({type(error).__name__})") from None
    finally:
        connection.close()


def _refused(url: SplitResult, response: http.client.HTTPResponse, body: bytes) -> Exception:
    if response.status in _BUSY:
        seconds = response.headers.get("retry-after", "")
        return _Busy(f"answers with status {response.status}", float(seconds) if seconds.isdigit() else None)
    return EndpointError(f"{url.geturl()}: answers with status {response.status}: {message_in(body)}")


def message_in(body: bytes) -> str:
    """Return what a server says of a request that it refuses, cut where it is long."""
    try:
        said = json.loads(body)
        return str((said.get("error") or said)["message"])[:_LONGEST_SHOWN]
    except (ValueError, LookupError, TypeError, AttributeError):
        return "it does not say why"


def _answer(reply: Any) -> Answer:  # noqa: ANN401
    """Return an answer with its reasoning; a text that was cut at its longest length stays unfinished."""
    try:
        choice = reply["choices"][0]
        said, cut = choice["message"], choice.get("finish_reason") == "length"
        text, apart = said.get("content") or "", said.get("reasoning_content") or said.get("reasoning") or ""
        spent = reply.get("usage") or {}
        written = int(spent.get("completion_tokens") or 0)
        block = int((spent.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0)
    except (LookupError, TypeError, AttributeError, ValueError):
        raise _Busy("sends no answer of OpenAI's form") from None
    if apart:
        text = f"{THINK}\n{apart}" if cut and not text else f"{THINK}\n{apart}\n{END_THINK}\n\n{text}"
    elif cut and END_THINK not in text:
        text = f"{THINK}{text}"  # the server's template may have opened a block: what was cut is no answer
    reasoning, answer = parted(text)
    inside = cut and END_THINK not in text
    return Answer(text, reasoning, answer, block, written - block, "reasoning" if inside else "answer" if cut else "")
