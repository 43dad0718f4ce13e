"""Several outputs, each with its label and its loss: against TensorFlow's own losses."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from train_harness import module_of, network_of

tf = pytest.importorskip("tensorflow")

from test_runtime import run  # noqa: E402
from test_runtime_data import encoded, record, write  # noqa: E402

v1 = tf.compat.v1.losses
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "multi_task.slim"
# Sums of a few hundred numbers of float32, in another order.
TOLERANCE = 1e-5


def room(number: int, side: int = 16) -> bytes:
    """A record of a random room."""
    random = np.random.default_rng(number)
    pixels = random.integers(0, 255, [side, side, 3], np.uint8)
    depth = random.integers(0, 9, [side // 4, side // 4], np.uint8)
    return record(
        image_encoded=encoded(pixels),
        image_scene=number % 10,
        image_depth=encoded(depth),
        image_pose=random.normal(size=6).tolist(),
    )


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The example, for small images."""
    text = EXAMPLE.read_text("utf-8").replace("64x64x3", "16x16x3")
    return module_of(tmp_path_factory.mktemp("rooms"), text)


@pytest.fixture(scope="module")
def trained(
    rooms: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, str]:
    """Records, the folder of a run of two steps, and what it printed."""
    folder = tmp_path_factory.mktemp("run")
    data = Path(write(folder / "train.tfrecord", *map(room, range(6))))
    options = ["--data", data, "--directory", folder / "run", "--steps", 2]
    code, out, err = run(rooms, "train", *options, "--batch", 4, "--log-steps", 1)
    assert (code, err) == (0, "")
    return data, folder / "run", out


def expected_terms(model: Any, outputs: Any, labels: Any) -> dict[str, float]:
    """The terms of the example's loss, by TensorFlow's own losses."""
    weights = [v for n, v in model.named_variables.items() if n.endswith("weights")]
    terms = {
        "scene": v1.sparse_softmax_cross_entropy(labels["scene"], outputs["scene"]),
        "depth": 0.5 * v1.mean_squared_error(labels["depth"], outputs["depth"]),
        "pose": v1.absolute_difference(labels["pose"], outputs["pose"]),
        "regularization": 0.0001 * sum(map(tf.nn.l2_loss, weights)),
    }
    return {name: float(term) for name, term in terms.items()}


@pytest.mark.slow
def test_a_run_tells_each_term_of_its_loss(
    rooms: ModuleType, trained: tuple[Path, Path, str]
) -> None:
    data, folder, out = trained
    settings = rooms.Settings(data=str(data), batch=4)
    examples = rooms.Examples(rooms.open_data(str(data)), settings, training=True)
    inputs, labels = next(rooms.batches(examples))
    model = network_of(rooms)(seed=0)
    expected = expected_terms(model, model(inputs, training=True)[0], labels)
    first = json.loads((folder / "log.jsonl").read_text().splitlines()[0])

    assert first["terms"] == pytest.approx(expected, rel=TOLERANCE)
    assert first["loss"] == pytest.approx(sum(expected.values()), rel=TOLERANCE)
    shown = ", ".join(f"{name} {term:.4f}" for name, term in first["terms"].items())
    assert f"step 1/2  loss {first['loss']:.4f} ({shown})  " in out


@pytest.mark.slow
def test_evaluate_measures_each_output(
    rooms: ModuleType, trained: tuple[Path, Path, str]
) -> None:
    data, folder, _ = trained
    options = ["--data", data, "--checkpoint", folder, "--batch", 4]  # so 4, then 2
    code, out, err = run(rooms, "evaluate", *options)
    settings = rooms.Settings(data=str(data), batch=6)
    examples = rooms.Examples(rooms.open_data(str(data)), settings)
    ((inputs, labels),) = rooms.batches(examples)
    model = network_of(rooms)()
    rooms.restore(model, str(folder))
    outputs, _ = model(inputs)
    hits = np.argmax(outputs["scene"], -1) == labels["scene"]
    squares = np.mean((outputs["depth"] - labels["depth"]) ** 2)
    distances = np.mean(np.abs(outputs["pose"] - labels["pose"]))

    assert code == 0
    assert "variables loaded" in err
    lines = [line.split() for line in out.splitlines()]
    assert [line[:2] for line in lines] == [
        ["scene", "accuracy"],
        ["depth", "mean_squared_error"],
        ["pose", "absolute_difference"],
    ]
    assert all(line[3:] == ["over", "6", "examples"] for line in lines)
    # Four digits are printed.
    measured = [float(line[2]) for line in lines]
    assert measured == pytest.approx([np.mean(hits), squares, distances], abs=6e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rooms_of_data", "message"),
    [
        ((room(3), room(12345)), ""),
        ((room(3), record(
            image_encoded=encoded(np.zeros([16, 16, 3], np.uint8)), image_scene=10,
            image_depth=encoded(np.zeros([4, 4], np.uint8)), image_pose=[0.0] * 6,
        )), "scene 10 is not in 0 to 9"),
        ((room(3), room(4, 32)), "not compatible with expected shape [4,4,1]"),
    ],
)  # fmt: skip
def test_a_label_that_does_not_fit_is_told(
    rooms: ModuleType, tmp_path: Path, rooms_of_data: Sequence[bytes], message: str
) -> None:
    data = write(tmp_path / "rooms.tfrecord", *rooms_of_data)
    options = ["--directory", tmp_path / "run", "--batch", 2, "--steps", 1]
    code, _, err = run(rooms, "train", "--data", data, *options)

    assert code == (1 if message else 0)
    assert err.count("\n") == (1 if message else 0)
    assert message in err


FIELDS = """
network fields(classes = 3) {
  input images 4x4x1
  conv 4 1x1 as conv1
  branch { conv classes 1x1 activation=none as aux }
  branch { conv classes 1x1 activation=none; output ground }
  branch { conv 2 1x1 activation=none; output flow }
  flatten
  fc 5 activation=none
  output tags
}

train fields {
  data records "none" {
    images image/encoded
    ground image/ground channels=1
    motion image/motion shape=[4, 4, 2] dtype=float32
    tags image/tags shape=[5]
  }
  loss softmax_cross_entropy ground
  loss mean_squared_error aux label=ground weight=0.4
  loss mean_squared_error flow label=motion
  loss sigmoid_cross_entropy tags
  loss mean_pairwise_squared_error tags
  loss python "field_losses:apart" tags weight=2.0
  accumulate 2
  batch 4
  steps 1
}
"""


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """A network of dense classes and dense numbers."""
    folder = tmp_path_factory.mktemp("fields")
    (folder / "field_losses.py").write_text(
        "def apart(outputs, labels):\n    return outputs - labels.numpy()\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        return module_of(folder, FIELDS)


def field_labels() -> dict[str, Any]:
    """Labels of four fields, in the types of their records."""
    random = np.random.default_rng(0)
    return {
        "ground": tf.constant(random.integers(0, 3, [4, 4, 4, 1], np.uint8)),
        "motion": tf.constant(random.normal(size=[4, 4, 4, 2]).astype(np.float32)),
        "tags": tf.constant(random.integers(0, 2, [4, 5])),
    }


def test_classes_and_numbers_may_be_dense(fields: ModuleType) -> None:
    model, labels = network_of(fields)(seed=1), field_labels()
    images = np.random.default_rng(1).normal(size=[4, 4, 4, 1]).astype(np.float32)
    value, terms = fields.total_loss(model, images, labels, fields.Settings())
    outputs, ends = model(images, training=True)
    ground = tf.cast(labels["ground"][..., 0], tf.int64)
    tags = tf.cast(labels["tags"], tf.float32)
    expected = {
        "ground": v1.sparse_softmax_cross_entropy(ground, outputs["ground"]),
        "aux": 0.4 * v1.mean_squared_error(tf.one_hot(ground, 3), ends["aux"]),
        "flow": v1.mean_squared_error(labels["motion"], outputs["flow"]),
        "tags": v1.sigmoid_cross_entropy(labels["tags"], outputs["tags"]),
    }
    d = outputs["tags"] - tags
    # slim-semantics 4.3: 2 Σd²/n - 2 (Σd)²/n², summed over the examples.
    pairs = np.sum(2 * np.sum(d**2, 1) / 5 - 2 * np.sum(d, 1) ** 2 / 25)
    expected["tags_mean_pairwise_squared_error"] = pairs
    expected["tags_python"] = 2 * np.mean(d)

    found = {name: float(term) for name, term in terms.items()}
    assert list(found) == list(expected)
    expected = {name: float(term) for name, term in expected.items()}
    assert found == pytest.approx(expected, rel=TOLERANCE)
    assert float(value) == pytest.approx(sum(expected.values()), rel=TOLERANCE)


def test_parts_of_a_batch_have_the_means_of_their_terms(fields: ModuleType) -> None:
    labels = field_labels()
    images = np.random.default_rng(1).normal(size=[4, 4, 4, 1]).astype(np.float32)
    settings = fields.Settings(accumulate=2)
    held = type("Held", (), {})()
    held.model = network_of(fields)(seed=1)
    held.trained, held.settings = held.model.named_variables, settings
    (value, terms), gradients = fields.accumulated(held, images, labels)
    parts = [
        fields.total_loss(
            held.model, images[s], {n: v[s] for n, v in labels.items()}, settings
        )
        for s in (slice(0, 2), slice(2, 4))
    ]

    assert float(value) == pytest.approx(np.mean([float(p[0]) for p in parts]), 1e-6)
    for name, term in terms.items():
        both = [float(part[1][name]) for part in parts]
        assert float(term) == pytest.approx(np.mean(both), rel=1e-5, abs=1e-7)
    assert gradients.keys() == held.trained.keys()


WEIGHTED = """
network weighted(classes = 3) {
  input images 4x4x1
  conv 4 1x1 as conv1
  branch { conv classes 1x1 activation=none; output ground }
  branch { conv 2 1x1 activation=none; output flow }
  flatten
  branch { fc classes activation=none; output kind }
  fc 5 activation=none
  output tags
}

train weighted {
  data records "none" {
    images image/encoded
    ground image/ground channels=1
    known image/known channels=1
    flow image/flow shape=[4, 4, 2] dtype=float32
    kind image/kind
    tags image/tags shape=[5] dtype=float32
    weight image/weight dtype=float32
    each image/each shape=[5] dtype=float32
  }
  loss softmax_cross_entropy ground weights=known
  loss mean_squared_error flow weights=known
  loss absolute_difference flow weights=weight weight=0.5
  loss cosine_distance flow weights=weight
  loss sparse_softmax_cross_entropy kind weights=weight
  loss hinge_loss kind
  loss sigmoid_cross_entropy tags weights=each
  loss log_loss tags weights=weight
  loss mean_pairwise_squared_error tags weights=weight
  steps 1
}
"""


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """A network with weights of examples, of pixels and of numbers."""
    return module_of(tmp_path_factory.mktemp("weighted"), WEIGHTED)


def weighted_example(number: int) -> dict[str, Any]:
    """The features of an example, some of whose weights are 0."""
    random = np.random.default_rng(number)
    return {
        "image_encoded": random.integers(0, 255, [4, 4, 1], np.uint8),
        "image_ground": random.integers(0, 3, [4, 4, 1], np.uint8),
        "image_known": random.integers(0, 2, [4, 4, 1], np.uint8),
        "image_flow": random.normal(size=[4, 4, 2]).astype(np.float32),
        "image_kind": number % 3,
        "image_tags": random.integers(0, 2, [5]).astype(np.float32),
        "image_weight": np.float32([0.0, 2.0, 0.5][number]),
        "image_each": np.float32([0.0, 1.0, 3.0, 0.0, number]),
    }


def as_record(features: dict[str, Any]) -> bytes:
    """The record of an example; images are encoded."""
    made = {}
    for name, value in features.items():
        if isinstance(value, int):
            made[name] = value
        elif value.dtype == np.uint8:
            made[name] = encoded(value[..., 0])
        else:
            made[name] = value.ravel().tolist()
    return record(**made)


def test_weights_are_slims(weighted: ModuleType) -> None:
    """The sum over the number of weights other than 0, as in TensorFlow 1."""
    examples = [weighted_example(number) for number in range(3)]
    stacked = {n: np.stack([e[n] for e in examples]) for n in examples[0]}
    labels = {n.removeprefix("image_"): tf.constant(v) for n, v in stacked.items()}
    model = network_of(weighted)(seed=1)
    images = labels["encoded"].numpy() / np.float32(255)
    _, terms = weighted.total_loss(model, images, labels, weighted.Settings())
    out, _ = model(images, training=True)
    pixels = tf.cast(labels["known"], tf.float32)
    rows = labels["weight"][:, tf.newaxis]
    flow, kind, tags = labels["flow"], labels["kind"], labels["tags"]
    ground = tf.one_hot(labels["ground"][..., 0], 3)
    corners = rows[:, tf.newaxis, tf.newaxis]
    expected = [
        v1.softmax_cross_entropy(ground, out["ground"], pixels[..., 0]),
        # TensorFlow 1 counts a weight for as many losses as it is spread over, as TF-Slim.
        v1.mean_squared_error(flow, out["flow"], pixels),
        0.5 * v1.absolute_difference(flow, out["flow"], corners),
        v1.cosine_distance(flow, out["flow"], axis=-1, weights=corners),
        v1.sparse_softmax_cross_entropy(kind, out["kind"], labels["weight"]),
        v1.hinge_loss(tf.one_hot(kind, 3), out["kind"]),
        v1.sigmoid_cross_entropy(tags, out["tags"], labels["each"]),
    ]

    shares = tf.sigmoid(out["tags"])
    logs = weighted.log_loss(shares, tags, 1e-7, weights=labels["weight"])

    terms = list(terms.values())
    found = list(map(float, terms[:7]))  # outputs are no shares for log_loss
    pairs = [2 * (np.mean(d**2) - np.mean(d) ** 2) for d in out["tags"] - tags]
    assert found == pytest.approx(list(map(float, expected)), rel=TOLERANCE)
    assert float(logs) == pytest.approx(float(v1.log_loss(tags, shares, rows)), 1e-5)
    assert float(terms[8]) == pytest.approx(np.dot(labels["weight"], pairs), 1e-5)
    nothing = weighted.mean_squared_error(out["tags"], tags, weights=[0.0, 0.0, 0.0])
    assert float(nothing) == 0.0


def test_evaluate_weighs_what_it_measures(weighted: ModuleType, tmp_path: Path) -> None:
    examples = [weighted_example(number) for number in range(3)]
    data = write(tmp_path / "data.tfrecord", *map(as_record, examples))
    model = network_of(weighted)(seed=1)
    measured, count = weighted.evaluate(model, weighted.Settings(data=data, batch=2))
    images = np.stack([e["image_encoded"] for e in examples]) / np.float32(255)
    out, _ = model(images)
    known = np.stack([e["image_known"][..., 0] for e in examples])
    ground = np.stack([e["image_ground"][..., 0] for e in examples])
    hits = np.argmax(out["ground"], -1) == ground
    squares = (out["flow"] - np.stack([e["image_flow"] for e in examples])) ** 2
    kinds = np.argmax(out["kind"], -1) == [0, 1, 2]

    assert count == 3
    assert measured["ground accuracy"] == pytest.approx(np.mean(hits[known > 0]))
    assert measured["flow mean_squared_error"] == pytest.approx(
        np.mean(squares.numpy()[known > 0]), rel=TOLERANCE
    )
    assert measured["kind accuracy"] == pytest.approx(
        (2.0 * kinds[1] + 0.5 * kinds[2]) / 2.5
    )


HEADS = """
network heads(classes = 3) {
  input images 8x8x1
  flatten
  branch { fc classes activation=none; output first }
  fc classes activation=none
  output second
}

train heads {
  data folder "none"
  loss softmax_cross_entropy first
  loss log_loss second weight=0.5
  loss sigmoid_cross_entropy second weight=2.0
  loss log_loss first log_epsilon=0.1 weight=0.25
  steps 1
  batch 2
}
"""


@pytest.mark.slow
def test_outputs_may_have_one_label_of_a_folder(
    embedding: ModuleType, tmp_path: Path
) -> None:
    heads = module_of(tmp_path, HEADS)
    pixels = np.zeros([8, 8], np.uint8)
    for name in "abc":
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "images" / name / "0.png").write_bytes(encoded(pixels))
    settings = heads.Settings(data=str(tmp_path / "images"))
    model = network_of(heads)(seed=1)
    measured, count = heads.evaluate(model, settings)
    numbers = {name: value for name, value in vars(settings).items() if "_" in name}
    found = embedding.open_data(settings.data)

    assert found.labels == [0, 1, 2]  # any number of classes, for no output tells them

    # Alike images are of one class for the network, and of each in turn for the folder.
    assert (measured, count) == (
        {
            "first accuracy": pytest.approx(1 / 3),
            "second accuracy": pytest.approx(1 / 3),
        },
        3,
    )
    assert numbers["second_weight"] == 0.5
    assert numbers["second_sigmoid_cross_entropy_weight"] == 2.0
    assert (numbers["log_epsilon"], numbers["first_log_epsilon"]) == (1e-7, 0.1)


EMBEDDING = """
network rows() {
  input images 8x8x1
  flatten
  fc 4 activation=none as embeddings
}

train rows {
  data folder "none"
  loss triplet_semihard_loss margin=0.5
  loss lifted_struct_loss
  steps 1
}
"""


@pytest.fixture(scope="module")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """A network whose rows are compared with each other."""
    return module_of(tmp_path_factory.mktemp("embedding"), EMBEDDING)


@pytest.mark.parametrize("classes", [[0, 1, 0, 2, 1, 0], [7, 7, 7, 7, 7, 0]])
@pytest.mark.parametrize("name", ["triplet_semihard_loss", "lifted_struct_loss"])
@pytest.mark.parametrize("margin", [0.5, 3.0])
def test_a_loss_between_rows_is_tf_slims(
    embedding: ModuleType, name: str, classes: list[int], margin: float
) -> None:
    """By a definition a pair at a time, as its paper has it."""
    rows = np.random.default_rng(0).normal(size=[6, 4]).astype(np.float32)
    rows[4] = rows[1]  # rows alike at one place have no direction apart
    labels = np.array(classes)
    with tf.GradientTape() as tape:
        variable = tf.Variable(rows)
        found = getattr(embedding, name)(variable, tf.constant(labels), margin)
    gradient = tape.gradient(found, variable)

    # TF-Slim's distances are squares less products, with half the digits near 0.
    assert float(found) == pytest.approx(PAIRWISE[name](rows, labels, margin), 1e-4)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0.01


def triplet_by_pairs(rows: np.ndarray, labels: np.ndarray, margin: float) -> float:
    squares = ((rows[:, np.newaxis] - rows) ** 2).sum(-1)
    losses = []
    for anchor, positive in pairs_alike(labels):
        others = squares[anchor][labels != labels[anchor]]
        further = others[others > squares[anchor, positive]]
        other = further.min() if further.size else others.max()
        losses.append(max(0.0, margin + squares[anchor, positive] - other))
    return float(np.mean(losses))


def lifted_by_pairs(rows: np.ndarray, labels: np.ndarray, margin: float) -> float:
    distances = np.sqrt(((rows[:, np.newaxis] - rows) ** 2).sum(-1))
    losses = []
    for one, two in pairs_alike(labels):
        others = [distances[i][labels != labels[i]] for i in (one, two)]
        total = np.log(np.exp(margin - np.concatenate(others)).sum())
        losses.append(max(0.0, total + distances[one, two]) ** 2)
    return float(np.mean(losses)) / 2


def pairs_alike(labels: np.ndarray) -> list[tuple[int, int]]:
    same = (labels[:, np.newaxis] == labels) & ~np.eye(len(labels), dtype=bool)
    return [(int(one), int(two)) for one, two in zip(*np.nonzero(same), strict=True)]


PAIRWISE = {
    "triplet_semihard_loss": triplet_by_pairs,
    "lifted_struct_loss": lifted_by_pairs,
}


@pytest.mark.parametrize("name", PAIRWISE)
def test_a_batch_without_pairs_has_no_loss_between_rows(
    embedding: ModuleType, name: str
) -> None:
    rows = tf.eye(3, 4)
    for labels in ([0, 1, 2], [5]):
        found = getattr(embedding, name)(rows[: len(labels)], tf.constant(labels), 1.0)
        assert float(found) == 0.0


SIAMESE = """
network siamese() {
  input left 6
  input right 6
  from left
  fc 4 activation=none as embed
  output one
  from right
  fc 4 activation=none reuse=true as embed
  output two
}

train siamese {
  data records "none" {
    left pair/left
    right pair/right
    alike pair/alike
  }
  loss contrastive_loss one positive=two label=alike margin=2.0
  loss npairs_loss one positive=embed label=alike reg_lambda=0.5
  steps 1
}
"""


def test_two_outputs_are_compared_as_by_tf_slim(tmp_path: Path) -> None:
    siamese = module_of(tmp_path, SIAMESE)
    random = np.random.default_rng(0)
    left, right = random.normal(size=[2, 5, 6]).astype(np.float32)
    right[0] = left[0]  # no distance, which has no direction
    labels = np.array([1, 0, 1, 0, 0])
    model, settings = network_of(siamese)(seed=1), siamese.Settings()
    with tf.GradientTape() as tape:
        _, terms = siamese.total_loss(
            model,
            {"left": left, "right": right},
            {"alike": tf.constant(labels)},
            settings,
        )
        loss = terms["one"]
    gradients = tape.gradient(loss, list(model.named_variables.values()))
    outputs, ends = model({"left": left, "right": right})
    one, two, embed = (
        tensor.numpy() for tensor in (outputs["one"], outputs["two"], ends["embed"])
    )
    distances = np.sqrt(((one - two) ** 2).sum(1))
    apart = np.maximum(2.0 - distances, 0) ** 2
    logits = one @ embed.T
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    same = labels[:, np.newaxis] == labels
    entropy = -np.log(shares) * same / same.sum(1, keepdims=True)
    lengths = (one**2).sum(1).mean() + (embed**2).sum(1).mean()

    expected = np.where(labels, distances**2, apart).mean()
    assert float(terms["one"]) == pytest.approx(expected, rel=TOLERANCE)
    assert float(terms["one_npairs_loss"]) == pytest.approx(
        entropy.sum(1).mean() + 0.25 * 0.5 * lengths, rel=TOLERANCE
    )
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert (settings.margin, settings.reg_lambda) == (2.0, 0.5)
