"""The jobs of a file: which networks have one, and what a job needs of its network."""

from collections.abc import Mapping, Sequence
from typing import Any

from slimgen.elaborate.evaluated import Tensor
from slimgen.elaborate.expressions import Silent
from slimgen.elaborate.jobs.evaluate import evaluate_job
from slimgen.elaborate.jobs.lines import JobLines
from slimgen.elaborate.jobs.loss_targets import Unfit
from slimgen.elaborate.jobs.train import check_inputs, train_job
from slimgen.elaborate.loading import Loaded, Program
from slimgen.elaborate.rejection import Rejected, Reporter
from slimgen.ir.graph import Network
from slimgen.ir.jobs import Evaluate, Job, LabelNames, Train
from slimgen.messages import names as messages
from slimgen.messages import warnings
from slimgen.syntax import tree

JOBS = ("train", "evaluate")


def jobs_of(
    program: Program,
    main: Loaded,
    networks: Sequence[Network],
    end_points: Mapping[str, Mapping[str, Tensor]],
    changed: bool,
) -> list[Job]:
    """Return the jobs of the networks that are built; there may be one of each kind.

    `end_points` has those of each network by name. A network that was `changed` by `-D`
    may have lost what its job needs: then the job is left out, and the user told.
    """
    by_name = {network.name: network for network in networks}
    found: list[Train] = []
    first: tree.Job | None = None
    for item in main.file.items:
        if not isinstance(item, tree.Job) or item.word.text != "train":
            continue
        if item.network.text not in by_name:
            continue
        network = by_name[item.network.text]
        try:
            if first is not None:
                raise Rejected(
                    messages.name_taken(
                        item.word.span, "train", "a job of this file", first.word.span
                    )
                )
            first = item
            check_inputs(item, network)
            lines = JobLines(program.reporter, main.frame)
            job = train_job(item, network, end_points.get(network.name, {}), lines)
        except Rejected as rejected:
            reported = rejected.diagnostic
            if isinstance(rejected, Unfit) and changed:
                word = item.word
                reported = warnings.job_left_out(word.span, word.text, reported.message)
            if not isinstance(rejected, Silent):
                program.reporter.report(reported)
            continue
        if job is not None:
            found.append(job)
    return [*found, *_evaluated(program, main, networks, found)]


def _evaluated(
    program: Program, main: Loaded, networks: Sequence[Network], jobs: Sequence[Train]
) -> list[Evaluate]:
    """Return the `evaluate` jobs of the networks that `jobs` train."""
    evaluations: list[Evaluate] = []
    by_name = {network.name: network for network in networks}
    found = {job.network: job for job in jobs}
    statements = [item for item in main.file.items if isinstance(item, tree.Job)]
    trained = [one.network.text for one in statements if one.word.text == "train"]
    first: tree.Job | None = None
    for item in statements:
        name = item.network.text
        if item.word.text != "evaluate" or name not in by_name:
            continue
        try:
            if name not in trained:
                needed = "a network that a `train` job of this file trains"
                raise Rejected(
                    messages.wrong_value(
                        item.network.span, "`evaluate`", needed, f"`{name}`"
                    )
                )
            if first is not None:
                place = item.word.span
                what = "a job of this file"
                raise Rejected(
                    messages.name_taken(place, "evaluate", what, first.word.span)
                )
            first = item
            if name not in found:
                continue  # of a job that is wrong, or was left out
            lines = JobLines(program.reporter, main.frame)
            job = evaluate_job(item, by_name[name], found[name], lines)
            if job is not None:
                evaluations.append(job)
        except Rejected as rejected:
            if not isinstance(rejected, Silent):
                program.reporter.report(rejected.diagnostic)
    return evaluations


def check_jobs(main: Loaded, reporter: Reporter) -> None:
    """Report jobs of unknown kinds or networks."""
    networks = [i.name.text for i in main.file.items if isinstance(i, tree.Network)]
    for item in main.file.items:
        if not isinstance(item, tree.Job):
            continue
        if item.word.text not in JOBS:
            word = item.word
            found = messages.unknown_word(word.span, word.text, JOBS, what="job")
            reporter.report(found)
        elif item.network.text not in networks:
            word = item.network
            used = any(word.text in names for _, names in main.uses)
            found = messages.unknown_network_of_job(
                word.span, word.text, networks, used
            )
            reporter.report(found)
        for setting in item.settings:
            reporter.report(
                messages.misplaced(
                    setting.span, "a parameter", "on a `train` job",
                    "give the network's parameter its default, or use `-D`",
                )
            )  # fmt: skip


def check_alike(networks: Sequence[Network], reporter: Reporter) -> None:
    """Report networks of one file whose labels or images the file would have to tell apart."""
    for what in ("labels", "preprocess"):
        said = [(network, _shared_part(network, what)) for network in networks]
        for network, value in said[1:]:
            if value != said[0][1] and network.span is not None:
                reporter.report(
                    messages.networks_differ(
                        network.span, what, network.name, networks[0].name
                    )
                )


def _shared_part(network: Network, what: str) -> Any:
    """What the file has once for all of its networks; a family may be each one's own."""
    if what == "labels":
        return network.labels or LabelNames()
    found = network.preprocess
    return (found.resize, found.fast) if found else (None, True)
