"""``r1tailor serve``: put a version to work behind OpenAI's API."""

import argparse
import asyncio
import sys
from typing import Any

from r1tailor import config
from r1tailor.commands.arguments import add_overrides
from r1tailor.errors import UserError


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("serve", help="put a version to work behind OpenAI's API")
    parser.add_argument("model", help="a domain, whose promoted version is followed; or a version, a run, a model")
    parser.add_argument("--form", help="compressed form of the version, such as gguf_q8_0")
    parser.add_argument("--print", choices=("vllm",), help="only write how another server takes the version")
    add_overrides(parser)
    parser.set_defaults(run=_serve)


def _serve(parsed: argparse.Namespace) -> None:
    if "=" in parsed.model:
        raise UserError(f"serve: {parsed.model!r:.100} is an override; name a domain or a version first")
    form = [f"serving.engine.form={parsed.form}"] if parsed.form else []
    settings = config.load([*parsed.overrides, *form])
    if parsed.print:
        from r1tailor.serving.vllm import written

        print(written(parsed.model, config.ROOT, settings.serving))
        return
    from r1tailor.serving import run
    from r1tailor.serving.context import open_context
    from r1tailor.serving.keys import Keys
    from r1tailor.serving.opening import open_served

    if not any(key.revoked_at is None for key in Keys(config.ROOT / settings.serving.folder).listed()):
        raise UserError("nobody may ask yet; make a key first: r1tailor keys add NAME")
    run.refuse_open_files(settings.serving, config.ROOT)
    with run.bind(settings.serving) as bound:
        served = open_served(parsed.model, config.ROOT, settings.serving)
        context = open_context(settings, config.ROOT, served)
        asyncio.run(_run(context, bound))


async def _run(context: Any, bound: Any) -> None:  # noqa: ANN401
    from r1tailor.serving import run

    served = context.gateway.served
    print("loading ...", file=sys.stderr, flush=True)
    await served.main.start()
    for slot in served.slots()[1:]:
        await slot.look()  # a channel that cannot be loaded is told and does not stop the others

    def announce(url: str) -> None:
        loaded = served.main.current
        print(f"serving {loaded.version} ({loaded.engine.kind}) at {url}; Ctrl-C ends it", file=sys.stderr)
        body = f'{{"model": "{loaded.settings.domain.name}", "messages": [{{"role": "user", "content": "..."}}]}}'
        lines = [f"ask: curl {url}/v1/chat/completions", "-H 'Authorization: Bearer KEY'"]
        print(" ".join([*lines, "-H 'Content-Type: application/json'", f"-d '{body}'"]), file=sys.stderr, flush=True)

    await run.serve(context, bound, announce)
