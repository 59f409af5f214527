"""``r1tailor ask``: a tuned model answers a question, a file of questions, a dialogue, or what a market domain asks."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from r1tailor import config
from r1tailor.commands.arguments import count
from r1tailor.errors import UserError
from r1tailor.inference import Answer, Answerer, Located, Sampling, locate, open_located, refuse_words
from r1tailor.inference.questions import AnswerFile, answer_line, read_questions
from r1tailor.inference.tailored import probabilities
from r1tailor.records import Example
from r1tailor.schema.evaluation import Evaluation

_STALE_DAYS = 5  # from one trading day to the next there are four at most, over Easter
_DRAWN = {"temperature": float, "top_p": float, "seed": int}


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("ask", help="ask a tuned model: a question, a file, a dialogue")
    parser.add_argument("model", help="a domain, a version, or the folder of a run or a model")
    parser.add_argument("question", nargs="?", help="without it: a dialogue; an empty line ends it")
    parser.add_argument(
        "--file",
        type=Path,
        help="*.jsonl, *.json, *.parquet (input, or messages; optionally id), or a question a line",
    )
    parser.add_argument("--out", type=Path, help="where to write the answers; an interrupted run continues there")
    parser.add_argument("--instruction", help="in the place of that of the domain's task")
    parser.add_argument("--asof", type=date.fromisoformat, metavar="DATE", help="what a market model says of a day")
    parser.add_argument("--today", action="store_true", help="what a market model says of the last day known")
    parser.add_argument("--rank", action="store_true", help="the labels of the domain with their probabilities")
    parser.add_argument("--sample", nargs="+", default=[], metavar="KEY=VALUE", help=f"draw: {', '.join(_DRAWN)}")
    parser.add_argument("--max-answer-tokens", type=count, help="where an answer is cut (default: as in evaluation)")
    parser.add_argument("--max-reasoning-tokens", type=count, help="where reasoning is cut (default: as in evaluation)")
    parser.add_argument("--json", action="store_true", help="one JSON mapping an answer")
    parser.set_defaults(run=_ask)


@dataclass(frozen=True)
class _Asking:
    """A model and how it is asked.

    Attributes:
        found: where it was found.
        answerer: the model.
        sampling: of its answers.
        ranking: whether labels are ranked instead of answers written.
        as_json: whether answers are printed as JSON.
    """

    found: Located
    answerer: Answerer
    sampling: Sampling
    ranking: bool
    as_json: bool

    def print(
        self, question: Example, labels: Sequence[str], shown: str = "", further: Mapping[str, Any] | None = None
    ) -> None:
        """Print one answer, or the labels and their probabilities; as JSON, with further fields."""
        if self.ranking:
            (scores,) = self.answerer.rank([question], [labels])
            result: dict[str, Any] = {"labels": probabilities(labels, scores)}
            lines = [f"{share:7.2%}  {label}" for label, share in result["labels"].items()]
        else:
            (written,) = self.answerer.answer([question], self.sampling)
            result, lines = {"answer": written.text}, [written.text]
            _report_cut([written])
        if self.as_json:
            row = {"id": question.id, "input": question.input, **result, "version": self.found.name, **(further or {})}
            lines = [json.dumps(row, ensure_ascii=False)]
        print("\n".join([f"{shown}:", *lines] if shown and not self.as_json else lines), flush=True)


def _ask(parsed: argparse.Namespace) -> None:
    sampling = _sampling(parsed.sample, parsed.max_answer_tokens, parsed.max_reasoning_tokens)
    _refuse_contradictions(parsed)
    found = locate(parsed.model, config.ROOT)
    sampling = _with_budgets(sampling, found.settings.evaluation)
    if not (parsed.asof or parsed.today):
        refuse_words(found)
    instruction = found.settings.domain.task.instruction if parsed.instruction is None else parsed.instruction
    print(f"asking {found.name}{f': {found.meaning}' if found.meaning else ''}", file=sys.stderr, flush=True)
    if parsed.file:
        _answer_file(found, sampling, read_questions(parsed.file, instruction), parsed.out)
        return
    if parsed.asof or parsed.today:
        _answer_market(found, sampling, parsed)
        return
    labels = _labels(found) if parsed.rank else ()
    if parsed.question is not None:
        question = Example("1", instruction, _text(parsed.question), "")
        _Asking(found, open_located(found), sampling, parsed.rank, parsed.json).print(question, labels)
        return
    _dialogue(_Asking(found, open_located(found), sampling, parsed.rank, parsed.json), instruction, labels)


def _answer_file(found: Located, sampling: Sampling, questions: Sequence[Example], out: Path | None) -> None:
    """Answer a file of questions into another file, or onto stdout, batch by batch."""
    answers = AnswerFile(out, questions, found.name) if out else None
    left = answers.left if answers else list(questions)
    if len(left) < len(questions):
        print(f"{out}: {len(questions) - len(left):,} of {len(questions):,} are answered already", file=sys.stderr)
    if not left:
        return
    answerer, size = open_located(found), found.settings.evaluation.batch_size
    opened = answers.open() if answers else nullcontext(sys.stdout)
    cut: list[Answer] = []
    with opened as file, Progress(console=Console(stderr=True, markup=False, emoji=False)) as bar:
        task = bar.add_task("answering", total=len(left))
        for start in range(0, len(left), size):
            batch = left[start : start + size]
            made = answerer.answer(batch, sampling)
            cut += [answer for answer in made if answer.truncated]
            for question, answer in zip(batch, made, strict=True):
                file.write(f"{answer_line(question, answer.text, found.name)}\n")
            file.flush()
            bar.advance(task, len(batch))
    _report_cut(cut)
    if out:
        print(f"{out}: {len(questions):,} answers")


def _report_cut(answers: Sequence[Answer]) -> None:
    """Say how many answers were cut, and which option gives them more room."""
    counted = Counter(answer.truncated for answer in answers if answer.truncated)
    for part, times in sorted(counted.items()):
        many = f"{times:,} answers were" if len(answers) > 1 else "the answer was"
        print(f"note: {many} cut within the {part}; --max-{part}-tokens gives more room", file=sys.stderr)


def _answer_market(found: Located, sampling: Sampling, parsed: argparse.Namespace) -> None:
    """Print what a market model says of a day."""
    from r1tailor.inference import market  # it imports every reader of raw material

    day = parsed.asof or date.today()
    domain, questions = market.questions_at(found.settings, config.ROOT, day)
    decision = date.fromisoformat(questions[0].available_at)
    print(f"as known on {day}; last trading day {decision}", file=sys.stderr)
    if (day - decision).days > _STALE_DAYS:
        print(
            f"warning: no figure is known from after {decision}; a market feed brings newer ones: r1tailor market poll",
            file=sys.stderr,
        )
    asking = _Asking(found, open_located(found), sampling, parsed.rank, parsed.json)
    for question in questions:
        labels, task = domain.labels_of(question), question.fields["task"]
        if task != market.RISK:
            asking.print(question, labels, task)
            continue
        (scores,) = asking.answerer.rank([question], [labels])
        signal = market.signal(labels, scores, market.measured(found.model))
        told = market.told(signal, found.settings)
        asking.print(question, labels, task, {"asof": str(day), "signal": signal.as_fields() | {"text": told}})
        if not parsed.json:
            print(told, flush=True)


def _dialogue(asking: _Asking, instruction: str, labels: Sequence[str]) -> None:
    """Answer one line after the other; each is a question of its own, as in training."""
    try:
        for number, line in enumerate(_typed(), start=1):
            try:
                asking.print(Example(str(number), instruction, _text(line), ""), labels)
            except UserError as error:  # a question that is too long does not end the dialogue
                print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        sys.exit(130)


def _typed() -> Iterator[str]:
    """Yield questions up to an empty line or the end of the input."""
    for line in _from_terminal() if sys.stdin.isatty() else _from_pipe():
        if not line.strip():
            return
        yield line.strip()


def _from_terminal() -> Iterator[str]:
    print("an empty line or Ctrl-D ends the dialogue", file=sys.stderr)
    while True:
        try:
            yield input("> " if sys.stdout.isatty() else "")
        except EOFError:
            return


def _from_pipe() -> Iterator[str]:
    """Yield lines of UTF-8, whatever the locale says."""
    for number, raw in enumerate(sys.stdin.buffer, start=1):
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"stdin, line {number}: not UTF-8 (byte {error.start + 1})") from None


def _labels(found: Located) -> tuple[str, ...]:
    labels = found.labels()
    if not labels:
        raise UserError(f"--rank: domain {found.settings.domain.name} has no closed set of labels")
    return labels


def _sampling(given: Sequence[str], answer: int | None, reasoning: int | None) -> Sampling:
    """Return how answers are drawn.

    Raises:
        UserError: a setting is unknown, or not a number in its range.
    """
    values: dict[str, Any] = {}
    for text in given:
        key, _, value = text.partition("=")
        if key not in _DRAWN:
            raise UserError(f"--sample {text}: write one of {', '.join(f'{name}=...' for name in _DRAWN)}")
        try:
            values[key] = _DRAWN[key](value)
        except ValueError:
            raise UserError(f"--sample {text}: {value!r} is not a number") from None
    drawn = Sampling(max_answer_tokens=answer, max_reasoning_tokens=reasoning, **values)
    return replace(drawn, temperature=1.0) if values and "temperature" not in values else drawn


def _with_budgets(sampling: Sampling, wanted: Evaluation) -> Sampling:
    """Return the same with the budgets of the model's evaluation where none are given."""
    answer = sampling.max_answer_tokens or wanted.max_answer_tokens
    reasoning = sampling.max_reasoning_tokens or wanted.max_reasoning_tokens
    closes = wanted.on_truncation == "close"
    return replace(sampling, max_answer_tokens=answer, max_reasoning_tokens=reasoning, close_reasoning=closes)


def _refuse_contradictions(parsed: argparse.Namespace) -> None:
    """Refuse questions from two places at once, before anything is looked for."""
    from_where = {
        "a question": parsed.question is not None,
        "--file": parsed.file is not None,
        "--asof": parsed.asof is not None,
        "--today": parsed.today,
    }
    chosen = [name for name, given in from_where.items() if given]
    if len(chosen) > 1:
        raise UserError(f"ask: {' and '.join(chosen)} cannot be combined; choose one")
    if parsed.out and not parsed.file:
        raise UserError("ask: --out is for the answers to a --file")
    if parsed.rank and parsed.file:
        raise UserError("ask: --rank is for one question, a dialogue or a day, not for a --file")


def _text(question: str) -> str:
    """Return a question whose bytes were text.

    Raises:
        UserError: they were not UTF-8.
    """
    try:
        question.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"the question is not UTF-8 (character {error.start + 1})") from None
    if not question.strip():
        raise UserError("the question is empty")
    return question
