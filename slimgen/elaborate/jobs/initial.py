"""The weights that a job starts from, and which of them under which names."""

from slimgen.elaborate.jobs.job_lines import JobText
from slimgen.elaborate.rejection import Rejected
from slimgen.elaborate.variable_names import check_names
from slimgen.ir import jobs as ir
from slimgen.layers.jobs.initial import (
    START_LINES,
    ExcludeLine,
    FromLine,
    IncludeLine,
    InitialRenameLine,
)
from slimgen.messages import names as messages
from slimgen.source import Span
from slimgen.syntax import tree


def read_initial(job: JobText) -> ir.Initial:
    """Return what stands after `from`, with the lines about it."""
    origin = job.statement.origin
    if not origin:
        _refuse_lines(job)
        return ir.Initial()
    statement = _origin_line(job.statement)
    line = job.binder.bind_as(statement, FromLine)
    known = {"slim", *(weights.format for weights in job.network.maps)}
    if line.format not in known:
        raise Rejected(
            messages.wrong_value(
                statement.arguments[0].span,
                "`from`",
                "a format for which the network has `weights`",
                f"`{line.format}`",
                "say in the network what the file calls its variables: "
                f'`weights {line.format} "NAME" {{ rename … }}`',
            )
        )
    include, exclude = _names(job, IncludeLine), _names(job, ExcludeLine)
    rules = tuple(_rename(*found) for found in job.lines(InitialRenameLine))
    how = line.head, line.average, line.strict
    return ir.Initial(line.path, *how, include, exclude, rules)


def _origin_line(statement: tree.Job) -> tree.Line:
    """Return the head's arguments after `from` as a line, to be bound as all are."""
    first, last = statement.origin[0].span, statement.origin[-1].span
    span = Span(first.source, first.start, last.end)
    return tree.Line(span, tree.Name(span, "from"), (statement.origin,))


def _refuse_lines(job: JobText) -> None:
    """Refuse lines about weights in a job that starts from none."""
    for kind in START_LINES:
        for _, statement in job.lines(kind):
            word, head = statement.word.text, job.statement
            name = f"{head.word.text} {head.network.text}"
            raise Rejected(
                messages.misplaced(
                    statement.span,
                    f"`{word}`",
                    "in a job without `from`",
                    f'name the weights: `{name} from slim "model.ckpt" {{`',
                )
            )


def _names(
    job: JobText, kind: type[IncludeLine] | type[ExcludeLine]
) -> tuple[str, ...] | None:
    found = job.line(kind)
    if found is None:
        return None
    line, statement = found
    check_names(job.network, line.names, statement)
    return line.names


def _rename(line: InitialRenameLine, statement: tree.Line) -> str:
    """Return a rule as the built file's command line takes it."""
    if line.part is None and "{name}" in line.pattern and "=" not in line.pattern:
        return line.pattern
    if line.part is not None and line.pattern and "=" not in line.pattern + line.part:
        return f"{line.pattern}={line.part}"
    raise Rejected(
        messages.wrong_value(
            statement.span,
            "`rename` of a job",
            "a name with `{name}`, or two parts of names",
            " ".join(f"`{argument.span.text}`" for argument in statement.arguments),
        )
    )
