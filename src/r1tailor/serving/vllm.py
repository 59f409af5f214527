"""How vLLM takes a version on a GPU machine: the command, and a compose file. Neither was run here."""

import json
import shlex
from pathlib import Path
from typing import Any

import yaml

from r1tailor import artifact
from r1tailor.errors import UserError
from r1tailor.inference import Located, locate
from r1tailor.instruction.template import arguments_of
from r1tailor.schema.serving import Serving

_IMAGE = "vllm/vllm-openai:v0.11.0"
_PORT = 8001
_MODEL, _ADAPTER = "/model", "/adapter"


def written(what: str, root: Path, settings: Serving) -> str:
    """Return the command and the compose file for the version that a name means.

    Args:
        what: a domain, a version, a run or a model.
        root: the project's root.
        settings: of the gateway that stands in front of it.

    Raises:
        UserError: there is no such model, or vLLM cannot take it.
    """
    found = locate(what, root)
    saved = artifact.read(found.model)
    if saved.temporal:
        raise UserError(f"{found.name} reads windows of numbers through an encoder of its own, which vLLM cannot load")
    adapter = saved.kind == "adapter"
    base = (saved.base.hub_id or f"<folder with the base model: {saved.base}>") if adapter else str(found.model)
    command = ["vllm", "serve", *_arguments(found, base, str(found.model), adapter=adapter)]
    lines = [
        "# On a machine with a GPU, in an environment of its own: pip install vllm. This command was not run here.",
        shlex.join(command),
        "",
        "# Or with Docker: compose.yaml",
        yaml.safe_dump(_compose(found, base, adapter=adapter), sort_keys=False, allow_unicode=True).rstrip(),
        "",
        "# The gateway in front of it, with keys, limits and the audit log:",
        f"# r1tailor serve {shlex.quote(what)} serving=endpoint serving.engine.endpoint.url=http://127.0.0.1:{_PORT}/v1",
        *_template(found),
    ]
    return "\n".join(lines)


def _arguments(found: Located, base: str, tuned: str, *, adapter: bool) -> list[str]:
    """Return the arguments of ``vllm serve``."""
    settings = found.settings
    arguments = [base, "--host", "127.0.0.1", "--port", str(_PORT), "--seed", str(settings.seed)]
    arguments += ["--max-model-len", str(settings.model.context_length)]
    if adapter:
        rank = getattr(settings.strategy, "r", 64)
        lora = ["--enable-lora", "--max-lora-rank", str(rank), "--lora-modules", f"{found.name}={tuned}"]
        arguments += [*lora, "--revision", str(artifact.read(found.model).base.revision or "main")]
    else:
        arguments += ["--served-model-name", found.name]
    return [*arguments, "--reasoning-parser", "deepseek_r1"]


def _template(found: Located) -> list[str]:
    """Return what else a request needs so that prompts are those of training."""
    arguments = arguments_of(found.settings.domain.task.template)
    if not arguments:
        return []
    given = json.dumps({"chat_template_kwargs": arguments}, ensure_ascii=False)
    return [
        "",
        "# Trained with arguments of the chat template. The gateway sends them; other requests need in their body:",
        f"# {given}",
    ]


def _compose(found: Located, base: str, *, adapter: bool) -> dict[str, Any]:
    inside = base if adapter else _MODEL
    arguments = _arguments(found, inside, _ADAPTER, adapter=adapter)
    arguments[arguments.index("127.0.0.1")] = "0.0.0.0"  # within the container; the port below is the host's loopback
    gpus = {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    service = {
        "image": _IMAGE,
        "command": arguments,
        "ports": [f"127.0.0.1:{_PORT}:{_PORT}"],
        "volumes": [f"{found.model}:{_ADAPTER if adapter else _MODEL}:ro"],
        "ipc": "host",
        "deploy": {"resources": {"reservations": {"devices": [gpus]}}},
    }
    return {"services": {"vllm": service}}
