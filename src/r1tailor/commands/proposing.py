"""What ``r1tailor propose`` does: looks at a place, tries the draft, tells what was found, keeps the YAML."""

import difflib
import tempfile
from pathlib import Path

from r1tailor import config, store
from r1tailor.commands.propose_told import tell, tell_market
from r1tailor.commands.propose_trial import key_of_its_own, settings_of, tried, written
from r1tailor.layout import RunFolder
from r1tailor.proposal import reasons
from r1tailor.proposal.draft import Draft
from r1tailor.proposal.opened import opened
from r1tailor.proposal.wishes import Asker, Wishes


def propose(place: str, wishes: Wishes, query: str = "", *, silent: bool = False) -> None:
    """Look at a place, print what is proposed for it, and write the domain.

    Args:
        place: a file, a folder or the URL of a database.
        wishes: what the person said beforehand.
        query: of a database.
        silent: ask nothing.

    Raises:
        UserError: there is nothing that can be read or trained on, or a column that was named is not there.
    """
    ask = Asker(silent=silent)
    draft = opened(place, wishes, ask, query)
    if draft.close:
        settings_of(draft)
        tell_market(draft)
    else:
        with key_of_its_own(), tempfile.TemporaryDirectory(prefix="r1tailor-propose-") as folder:
            found = tried(draft, ask, RunFolder(Path(folder)))
        tell(found)
        draft = found.draft
    _keep(written(draft, reasons.comments(draft), reasons.header(draft, place)), draft)


def _keep(text: str, draft: Draft) -> None:
    """Write the domain, unless one of its name is there: then show what would change."""
    path = config.CONF / "domain" / f"{draft.name}.yaml"
    shown = path.relative_to(config.ROOT) if path.is_relative_to(config.ROOT) else path
    if not path.exists():
        store.write_text(path, text)
        print(draft.say(f"written: {shown}", f"已写入：{shown}"))
        return
    before = path.read_text(encoding="utf-8")
    if before == text:
        print(draft.say(f"{shown} is what is proposed already", f"{shown} 与建议一致"))
        return
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), str(shown), "proposed", lineterm="", n=1)
    print("\n".join(lines))
    print(
        draft.say(
            f"{shown} is there and stays as it is; --name gives the proposal another name",
            f"{shown} 已存在，保持不变；用 --name 另取名称",
        )
    )
