"""llama.cpp in this process (``xllamacpp``): an exported GGUF file answers OpenAI-style requests. No torch.

The library also listens on a loopback port of its own, which it cannot be told not to: the port asks for a key that
nobody but this object knows, and is used here for one thing only, to tokenise.
"""

import json
import os
import secrets
import unicodedata
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from r1tailor.command_line import share_processor
from r1tailor.errors import CheckpointError, UserError

NORMALIZER = "r1tailor.normalizer"  # key in a GGUF file: the Unicode form that text takes before it is tokenised
_HEAD = 4096  # bytes at the beginning of a file, where that key lies
OnChunk = Callable[[dict[str, Any]], bool | None]  # True ends the stream


class EngineError(UserError):
    """llama.cpp refused a request, or failed.

    Attributes:
        code: HTTP's.
        kind: llama.cpp's word for it, such as ``exceed_context_size_error``.
    """

    def __init__(self, code: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind


class GgufEngine:
    """A GGUF file, loaded. Requests may come from several threads at once; the GIL is released while they run.

    Args:
        path: the file.
        context_length: tokens that all requests under way may take together, prompts and answers.
        parallel: requests that are computed at the same time; others wait.
        threads: that compute; None takes every core of this process.
        exact: attention in fp32 with keys and values in fp32, for comparisons; otherwise both are in fp16.

    Raises:
        CheckpointError: it cannot be loaded.
    """

    def __init__(
        self,
        path: Path,
        *,
        context_length: int = 4096,
        parallel: int = 1,
        threads: int | None = None,
        exact: bool = False,
    ) -> None:
        self._nfc = _normalises(path)
        self._key = secrets.token_hex(32)
        self._server = _loaded(path, context_length, parallel, threads or _cores(), self._key, exact)

    def chat(self, request: Mapping[str, Any], on_chunk: OnChunk | None = None) -> dict[str, Any]:
        """Return the answer to a body of ``/v1/chat/completions``, in OpenAI's form.

        Reasoning stays in the content with its tags: llama.cpp guesses from a template whether it opens a ``<think>``
        block, and with R1's it guesses wrong.

        Args:
            request: the body; ``stream`` is set by whether ``on_chunk`` is given.
            on_chunk: called with each chunk of a stream, in the calling thread; ends it by returning True. The answer
                is then empty. What it raises ends the stream, too, and is raised again here.

        Raises:
            EngineError: llama.cpp refuses the request.
        """
        return self._ask(self._server.handle_chat_completions, {"reasoning_format": "none"} | dict(request), on_chunk)

    def complete(self, request: Mapping[str, Any], on_chunk: OnChunk | None = None) -> dict[str, Any]:
        """Return the answer to a body of ``/v1/completions``, in OpenAI's form (see ``chat``).

        ``prompt`` may be a text or a list of token ids.
        """
        return self._ask(self._server.handle_completions, request, on_chunk)

    def tokenize(self, text: str) -> list[int]:
        """Return the ids of a text that already holds its special tokens."""
        body = json.dumps({"content": self._normal(text), "add_special": False, "parse_special": True}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        request = urllib.request.Request(f"{self._server.listening_address}/tokenize", body, headers)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            found: list[int] = json.load(answer)["tokens"]
        return found

    def close(self) -> None:
        """Free the weights; nothing can be asked afterwards."""
        self._server = None

    def _ask(self, ask: Callable[..., Any], request: Mapping[str, Any], on_chunk: OnChunk | None) -> dict[str, Any]:
        body = {**self._normalised(request), "stream": on_chunk is not None}
        try:
            if on_chunk is None:
                answer = ask(body)
            else:
                stream = _Stream(on_chunk)
                ask(body, stream)
                stream.finish()
                return {}
        except (ValueError, RuntimeError) as error:
            raise EngineError(400, "invalid_request_error", str(error)) from error
        _refuse(answer)
        return dict(answer)

    def _normal(self, text: str) -> str:
        return unicodedata.normalize("NFC", text) if self._nfc else text

    def _normalised(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request whose texts have the form in which the model's own tokenizer reads them."""
        if not self._nfc:
            return dict(request)
        texts: dict[str, Any] = json.loads(self._normal(json.dumps(dict(request), ensure_ascii=False)))
        return texts


class _Stream:
    """Hands chunks on; keeps what goes wrong, which the library would swallow."""

    def __init__(self, on_chunk: OnChunk) -> None:
        self._on_chunk = on_chunk
        self._fault: BaseException | None = None

    def __call__(self, chunk: dict[str, Any]) -> bool:
        try:
            _refuse(chunk)
            return bool(self._on_chunk(chunk))
        except BaseException as fault:
            self._fault = fault
            return True

    def finish(self) -> None:
        if self._fault is not None:
            raise self._fault


def _refuse(answer: Any) -> None:  # noqa: ANN401
    if isinstance(answer, dict) and "error" in answer:
        error = answer["error"]
        raise EngineError(int(error.get("code", 500)), str(error.get("type", "")), str(error.get("message", "")))


def _loaded(path: Path, context_length: int, parallel: int, threads: int, key: str, exact: bool) -> Any:  # noqa: ANN401
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    share_processor()
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(path)
    wanted.n_ctx = context_length
    wanted.n_parallel = parallel
    wanted.kv_unified = True
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
    wanted.cpuparams.poll = wanted.cpuparams_batch.poll = 0
    wanted.cache_ram_mib = 0  # it would keep the prompts of earlier requests, up to 8 GB of them
    wanted.fit_params = False
    wanted.api_keys = [key]
    wanted.ui = wanted.endpoint_slots = False
    wanted.warmup = False
    wanted.verbosity = 0
    if exact:
        wanted.cache_type_k = wanted.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        wanted.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    try:
        server = xllamacpp.Server(wanted)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: llama.cpp cannot load it: {error}") from error
    _wait_for_loop(server)
    return server


def _wait_for_loop(server: Any) -> None:  # noqa: ANN401
    """Return once the loop that computes runs: a server freed before then waits for its loop for ever."""
    server.handle_completions({"prompt": [0], "max_tokens": 0})


def _normalises(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return NORMALIZER.encode() in file.read(_HEAD)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
