"""A model's outputs are probabilities where the graph proves it, and never because one clip's numbers look like it."""

from __future__ import annotations

import numpy as np
import pytest

from emotionformer.errors import ExportError
from emotionformer.export.graph import Graph, Value, Weight
from emotionformer.export.outputs import Outputs, Statement, check_rows, is_distribution


def hidden(graph: Graph, *shape: int) -> Value:
    return graph.input("input", "float32", np.linspace(-1, 1, int(np.prod(shape))).reshape(shape))


def dense(graph: Graph, x: Value, classes: int, activation: str = "linear", bias: float = 0) -> Value:
    kernel = np.ones((x.shape[-1], classes), np.float32) * np.arange(1, classes + 1, dtype=np.float32) / 9
    name = f"dense {len(graph.nodes)}"
    weights = {
        "kernel": Weight(f"{name}/kernel", kernel),
        "bias": Weight(f"{name}/bias", np.full(classes, bias, np.float32)),
    }
    return graph.one("dense", x, weights=weights, activation=activation)


def described(
    graph: Graph, *results: Value, whole: str | None = None, **kinds: str
) -> tuple[list[tuple[str, str]], Outputs]:
    """Names and kinds of the outputs `out`, `out1`, …"""
    found = Outputs(graph, Statement(whole, kinds), None)
    names = [f"out{number or ''}" for number in range(len(results))]
    return [(item.name, item.kind) for item in found.describe(results, names)], found


def ends(graph: Graph, result: Value, stated: str | None) -> tuple[Value, Value | None]:
    """Probabilities and logits of the only output."""
    _, found = described(graph, result, whole=stated)
    values = {item.kind: item.value for item in found.items}
    return values["probabilities"], values.get("logits")


def test_a_softmax_is_proven_with_its_logits() -> None:
    graph = Graph()
    logits = dense(graph, hidden(graph, 1, 3), 4)
    result = graph.one("softmax", logits)
    assert ends(graph, result, None) == (result, logits)


@pytest.mark.parametrize("kind", ["reshape", "mean", "pooling", "average", "last frame", "stacked"])
def test_what_keeps_rows_is_seen_through(kind: str) -> None:
    """Votes of frames, of models, and shapes around them."""
    graph = Graph()
    rows = graph.one("softmax", dense(graph, hidden(graph, 1, 5, 3), 4))
    made = {
        "reshape": lambda: graph.one("reshape", rows, shape=[1, 1, 5, 4]),
        "mean": lambda: graph.one("reduceMean", rows, axes=[1], keepDimensions=False),
        "pooling": lambda: graph.one("globalPooling1D", rows),
        "average": lambda: graph.one("multiply", graph.one("add", rows, rows), graph.constant(0.5)),
        "last frame": lambda: graph.one(
            "stridedSlice",
            rows,
            begin=[0, 4, 0],
            end=[0, 5, 0],
            strides=[1, 1, 1],
            beginMask=5,
            endMask=5,
            shrinkAxisMask=2,
        ),
        "stacked": lambda: graph.one("reduceMean", graph.one("pack", rows, rows, axis=1), axes=[1, 2]),
    }[kind]()
    assert np.allclose(made.data.sum(axis=-1), 1) and is_distribution(made)


@pytest.mark.parametrize("kind", ["other axis", "sum", "part", "difference", "transposed", "weighted"])
def test_what_mixes_rows_is_not(kind: str) -> None:
    graph = Graph()
    rows = graph.one("softmax", dense(graph, hidden(graph, 1, 4, 3), 4))
    made = {
        "other axis": lambda: graph.one("softmax", dense(graph, hidden(graph, 1, 4, 3), 4), axes=[1]),
        "sum": lambda: graph.one("add", rows, rows),
        "part": lambda: graph.one("slice", rows, begin=[0, 0, 0], size=[1, 4, 3]),
        "difference": lambda: graph.one("multiply", rows, graph.constant(-1.0)),
        "transposed": lambda: graph.one("transpose", rows, permutation=[0, 2, 1]),
        "weighted": lambda: graph.one("multiply", rows, graph.constant(np.ones(4) / 4)),
    }[kind]()
    assert not is_distribution(made)


@pytest.mark.parametrize("stated", ["logits", "probabilities"])
@pytest.mark.parametrize("bias", [0.0, 40.0], ids=["in between", "near 1"])
def test_one_number_is_no_probabilities(stated: str, bias: float) -> None:
    """Also where the probe's number is 1, and whatever the user says of it."""
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 1, "sigmoid", bias)
    assert bias == 0 or abs(float(result.data[0, 0]) - 1) < 1e-6
    with pytest.raises(ExportError, match=r"gives 1 number for a clip \(sigmoid\).*--from-sigmoid"):
        ends(graph, result, stated)
    assert described(graph, result)[0] == [("out", "scores")]


def test_one_sigmoid_is_two_classes_if_the_user_says_so() -> None:
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 1, "sigmoid", 0.3)
    probabilities, logits = ends(graph, result, "sigmoid")
    assert np.allclose(probabilities.data, [[1 - result.data[0, 0], result.data[0, 0]]]) and logits is None
    for wrong in (dense(graph, result, 1), dense(graph, result, 3, "sigmoid")):
        with pytest.raises(ExportError, match="--from-sigmoid.*expected one sigmoid"):
            ends(graph, wrong, "sigmoid")


def test_one_number_that_is_no_sigmoid_is_a_value() -> None:
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 1)
    kinds, found = described(graph, result)
    assert kinds == [("out", "values")]
    assert found.notes == [
        "output 'out' does not end in a softmax: its 1 number is called values (nothing says what it is)"
    ]
    with pytest.raises(ExportError, match="gives 1 number for a clip,.*leave the option out"):
        ends(graph, result, "logits")


def test_a_softmax_of_one_number_is_a_value() -> None:
    """It is always 1."""
    graph = Graph()
    kinds, found = described(graph, graph.one("softmax", dense(graph, hidden(graph, 1, 3), 1)))
    assert kinds == [("out", "values")] and "a softmax of one number" in found.notes[0]


@pytest.mark.parametrize("bias", [-0.5, -40.0], ids=["in between", "as in one class"])
def test_several_sigmoids_are_no_classes(bias: float) -> None:
    """Their numbers can look like probabilities: all but one near 0, and that one near 1."""
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 3, "sigmoid", bias)
    if bias == -40.0:
        result.data = np.eye(3)[:1]
    assert described(graph, result)[0] == [("out", "scores")]
    with pytest.raises(ExportError, match="--from-logits: the model ends in sigmoid"):
        ends(graph, result, "logits")


def test_other_ends_are_said() -> None:
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 3, "relu")
    kinds, found = described(graph, result)
    assert kinds == [("out", "values")]
    assert "ends in relu: its 3 numbers are called values" in found.notes[0]
    assert all(option in found.notes[0] for option in ("--from-logits", "--from-probabilities", "--output-kind"))
    probabilities, logits = ends(graph, result, "logits")
    assert logits is result and is_distribution(probabilities)


def test_a_softmax_is_not_put_on_a_softmax() -> None:
    graph = Graph()
    result = graph.one("softmax", dense(graph, hidden(graph, 1, 3), 3))
    with pytest.raises(ExportError, match="--from-logits: the model ends in a softmax already"):
        ends(graph, result, "logits")


def test_stated_probabilities_are_checked() -> None:
    check_rows(np.array([[0.5, 0.5], [0.0, 1.0]]))
    for bad in ([[0.5, 0.6]], [[1.5, -0.5]], [[0.5, 0.5], [np.nan, 1]]):
        with pytest.raises(ExportError, match="no probabilities"):
            check_rows(np.array(bad))


def test_what_is_seen_through() -> None:
    """A shape around a sigmoid; a log-softmax gives logits."""
    graph = Graph()
    scores = graph.one("reshape", dense(graph, hidden(graph, 1, 6), 6, "sigmoid"), shape=[1, 2, 3])
    assert described(graph, scores)[0] == [("out", "scores")]
    assert described(graph, graph.one("logSoftmax", dense(graph, hidden(graph, 1, 3), 3)))[0] == [("out", "logits")]
    half = graph.one("multiply", scores, graph.constant(0.5))
    assert described(graph, half)[0] == [("out", "values")]


def test_each_output_is_a_value_of_its_own() -> None:
    """What is given twice, what is an input, and what is a constant become nodes."""
    graph = Graph()
    start = hidden(graph, 1, 3)
    logits = dense(graph, start, 4)
    softmax = graph.one("softmax", logits)
    kinds, found = described(graph, softmax, logits, start, graph.constant(np.ones((1, 2))))
    assert kinds == [
        ("out", "probabilities"),
        ("out/logits", "logits"),
        ("out1", "values"),
        ("out2", "values"),
        ("out3", "values"),
    ]
    assert len({item.value.name for item in found.items}) == 5
    assert [item.source for item in found.items] == [0, 0, 1, 2, 3]
    assert all(item.value.node is not None for item in found.items)


def test_two_softmaxes_keep_their_names() -> None:
    graph = Graph()
    first, second = (graph.one("softmax", dense(graph, hidden(graph, 1, 3), 4)) for _ in range(2))
    assert [name for name, _ in described(graph, first, second)[0]] == ["out", "out/logits", "out1", "out1/logits"]


def test_the_first_axis_is_the_batch() -> None:
    graph = Graph()
    with pytest.raises(ExportError, match=r"output 'out' has the shape \(2, 3\) for one input, expected 1"):
        described(graph, hidden(graph, 2, 3))


@pytest.mark.parametrize("kind", ["logits", "scores"])
def test_a_softmax_is_called_nothing_else(kind: str) -> None:
    graph = Graph()
    result = graph.one("softmax", dense(graph, hidden(graph, 1, 3), 4))
    with pytest.raises(ExportError, match=f"--output-kind out={kind}: the output ends in a softmax"):
        described(graph, result, out=kind)
    assert described(graph, result, out="values")[0] == [("out", "values")]
    assert described(graph, result, out="probabilities")[0] == [("out", "probabilities"), ("out/logits", "logits")]
