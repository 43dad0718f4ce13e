"""Binding the lines of a job: each to its declaration, none twice, none missing."""

from collections.abc import Iterable

from slimgen.elaborate.evaluator import Silent
from slimgen.elaborate.jobs.job_lines import BoundLine, JobLines
from slimgen.elaborate.rejection import Rejected
from slimgen.ir.graph import Network
from slimgen.layers.jobs.data import DataLine
from slimgen.layers.jobs.job_line import JobLine
from slimgen.layers.jobs.kinds import JobKind
from slimgen.messages import jobs as job_messages
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree


def bind_job(
    job: tree.Job, network: Network, binder: JobLines, kind: JobKind
) -> list[BoundLine] | None:
    """Bind every line of a job, or raise Rejected; None after errors."""
    bound: list[BoundLine] = []
    spans: dict[str, Span] = {}
    failed = False
    for statement in job.body.statements:
        try:
            line = _bind_line(statement, network, binder, kind)
            _note_subject(line, spans)
        except Rejected as rejected:
            failed = True
            if not isinstance(rejected, Silent):
                binder.reporter.report(rejected.diagnostic)
            continue
        bound.append(line)
    if failed:
        return None
    _require_lines(job, bound, kind)
    return bound


def _bind_line(
    statement: tree.Statement, network: Network, binder: JobLines, kind: JobKind
) -> BoundLine:
    if not isinstance(statement, tree.Line):
        first = f"`{statement.span.text.split()[0]}`"
        raise Rejected(messages.misplaced(statement.span, first, "in a job"))
    word, known = statement.word, kind.by_word
    declared = known.get(word.text)
    if declared is None:
        raise Rejected(job_messages.unknown_job_line(word.span, word.text, list(known)))
    image = network.inputs[0].name if declared is DataLine else ""
    line = binder.bind(statement, declared, image)
    assert isinstance(line, JobLine)  # a form of a job's line is one too
    return BoundLine(line, statement)


def _note_subject(bound: BoundLine, spans: dict[str, Span]) -> None:
    """Refuse a second line about the same subject; `spans` has those before."""
    word = bound.statement.word
    subject = " ".join(filter(None, (word.text, *bound.line.subject())))
    if subject in spans:
        sort, earlier = "a line of this job", spans[subject]
        raise Rejected(messages.name_taken(word.span, subject, sort, earlier))
    spans[subject] = word.span


def _require_lines(job: tree.Job, bound: Iterable[BoundLine], kind: JobKind) -> None:
    """Refuse a job without the lines that every job of its kind has."""
    words = {line.statement.word.text for line in bound}
    for word in (declared.word for declared in kind.required):
        if word not in words:
            doc = f"a line `{word} …`"
            raise Rejected(
                messages.missing_argument(job.word.span, job.word.text, word, doc)
            )
