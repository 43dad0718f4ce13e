"""The jobs of a file: which networks have one, and what a job needs of its network."""

from collections.abc import Mapping, Sequence

from slimgen.elaborate.evaluated import Tensor
from slimgen.elaborate.evaluator import Silent
from slimgen.elaborate.jobs.binding import bind_job
from slimgen.elaborate.jobs.evaluate import read_evaluate
from slimgen.elaborate.jobs.job_lines import JobLines, JobText
from slimgen.elaborate.jobs.loss_targets import Unfit
from slimgen.elaborate.jobs.train import read_train
from slimgen.elaborate.loading import Loaded, Program
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.ir.graph import Network
from slimgen.ir.jobs import Job, Train, assert_never
from slimgen.layers.jobs.kinds import DATA_LINES, JOB_KINDS, JOB_LINES, JobKind
from slimgen.messages import jobs as job_messages
from slimgen.messages import names as messages
from slimgen.messages import warnings
from slimgen.messages.foreign import JOBS
from slimgen.syntax import tree


def jobs_of(
    program: Program,
    main: Loaded,
    networks: Sequence[Network],
    end_points: Mapping[str, Mapping[str, Tensor]],
    changed: bool,
) -> list[Job]:
    """Return the jobs of the networks that are built; there may be one of each kind.

    `end_points` has those of each network by name. A network that was `changed` by `-D`
    may have lost what its job needs: then the job is left out with a warning.
    """
    reader = _JobReader(program, main, networks, end_points)
    for kind in JOB_KINDS.values():
        for statement in reader.statements(kind):
            try:
                reader.read(statement, kind)
            except Rejected as rejected:
                reported = rejected.diagnostic
                if isinstance(rejected, Unfit) and changed:
                    word = statement.word
                    reported = warnings.job_left_out(
                        word.span, word.text, reported.message
                    )
                if not isinstance(rejected, Silent):
                    program.reporter.report(reported)
    return reader.found


class _JobReader:
    """Reads the jobs of one file, kind after kind."""

    def __init__(
        self,
        program: Program,
        main: Loaded,
        networks: Sequence[Network],
        end_points: Mapping[str, Mapping[str, Tensor]],
    ) -> None:
        self.program, self.main = program, main
        self.networks = {network.name: network for network in networks}
        self.end_points = end_points
        self.jobs = [item for item in main.file.items if isinstance(item, tree.Job)]
        self.first: dict[str, tree.Job] = {}
        self.found: list[Job] = []

    def statements(self, kind: JobKind) -> list[tree.Job]:
        """Return the jobs of a kind whose networks are built."""
        return [
            job
            for job in self.jobs
            if job.word.text == kind.word and job.network.text in self.networks
        ]

    def read(self, statement: tree.Job, kind: JobKind) -> None:
        """Add a job to those found, or raise Rejected."""
        network = self.networks[statement.network.text]
        if kind.trained:
            self._check_trained(statement, kind)
        first = self.first.setdefault(kind.word, statement)
        if first is not statement:
            span, earlier = statement.word.span, first.word.span
            sort = "a job of this file"
            raise Rejected(messages.name_taken(span, kind.word, sort, earlier))
        train = self._train_of(network)
        if kind.trained and train is None:
            return  # the `train` job is wrong, or was left out
        if kind.fixed_sizes:
            _check_sizes(statement, network)
        _check_head(statement, kind)
        lines = (*JOB_LINES, *DATA_LINES.values())
        binder = JobLines(self.program.reporter, self.main.frame, lines)
        bound = bind_job(statement, network, binder, kind)
        if bound is None:
            return
        end_points = self.end_points.get(network.name, {})
        text = JobText(statement, network, end_points, bound, binder, train)
        job = _read_kind(kind, text)
        if job is not None:
            self.found.append(job)

    def _check_trained(self, statement: tree.Job, kind: JobKind) -> None:
        name = statement.network.text
        trained = (j.network.text for j in self.jobs if j.word.text == "train")
        if name not in trained:
            where, span = f"`{kind.word}`", statement.network.span
            needed = "a network that a `train` job of this file trains"
            raise Rejected(messages.wrong_value(span, where, needed, f"`{name}`"))

    def _train_of(self, network: Network) -> Train | None:
        trains = (job for job in self.found if isinstance(job, Train))
        return next((job for job in trains if job.network == network.name), None)


def _read_kind(kind: JobKind, text: JobText) -> Job | None:
    """Return a job of a kind, or None after errors."""
    job: Job | None
    match kind.word:
        case "train":
            job = read_train(text)
        case "evaluate":
            job = read_evaluate(text)
        case _:
            assert_never(kind.word)
    return job


def _check_sizes(job: tree.Job, network: Network) -> None:
    """Refuse a network without the inputs of fixed sizes that a job needs."""
    types = [given.value.type for given in network.inputs]
    free = [type_ for type_ in types if None in type_.shape[1:]]
    if free:
        needed, found = "a network with fixed input sizes", str(free[0])
        where = f"`{job.word.text}`"
        raise Unfit(messages.wrong_value(job.network.span, where, needed, found))


def _check_head(job: tree.Job, kind: JobKind) -> None:
    """Refuse `from` and `as` where a kind of job has no use for them."""
    where = f"on {kind.called} yet"
    if job.origin and not kind.takes_weights:
        raise Rejected(messages.misplaced(job.origin[0].span, "`from`", where))
    if job.name is not None:
        raise Rejected(messages.misplaced(job.name.span, "`as`", where))


def check_jobs(main: Loaded, reporter: Reporter) -> None:
    """Report jobs of unknown kinds or networks."""
    networks = [i.name.text for i in main.file.items if isinstance(i, tree.Network)]
    for item in main.file.items:
        if not isinstance(item, tree.Job):
            continue
        if item.word.text not in JOB_KINDS:
            word = item.word
            found = messages.unknown_word(
                word.span, word.text, JOB_KINDS, JOBS.get(word.text.lower(), ""), "job"
            )
            reporter.report(found)
        elif item.network.text not in networks:
            word = item.network
            used = any(word.text in names for _, names in main.uses)
            found = job_messages.unknown_network_of_job(
                word.span, word.text, networks, used
            )
            reporter.report(found)
        for setting in item.settings:
            help = "give the network's parameter its default, or use `-D`"
            where = "on a `train` job"
            misplaced = messages.misplaced(setting.span, "a parameter", where, help)
            reporter.report(misplaced)
