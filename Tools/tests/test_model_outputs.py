"""A model's outputs are probabilities where the graph proves it, and never because one clip's numbers look like it."""

from __future__ import annotations

import numpy as np
import pytest

from emotionformer.errors import ExportError
from emotionformer.export.graph import Graph, Value, Weight
from emotionformer.export.outputs import check_rows, ends, is_distribution


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


@pytest.mark.parametrize("stated", [None, "logits", "probabilities"])
@pytest.mark.parametrize("bias", [0.0, 40.0], ids=["in between", "near 1"])
def test_one_number_is_refused(stated: str | None, bias: float) -> None:
    """Also where the probe's number is 1, and whatever the user says of it."""
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 1, "sigmoid", bias)
    assert bias == 0 or abs(float(result.data[0, 0]) - 1) < 1e-6
    with pytest.raises(ExportError, match=r"gives 1 number for a clip \(sigmoid\).*--from-sigmoid"):
        ends(graph, result, stated)


def test_one_sigmoid_is_two_classes_if_the_user_says_so() -> None:
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 1, "sigmoid", 0.3)
    probabilities, logits = ends(graph, result, "sigmoid")
    assert np.allclose(probabilities.data, [[1 - result.data[0, 0], result.data[0, 0]]]) and logits is None
    for wrong in (dense(graph, result, 1), dense(graph, result, 3, "sigmoid")):
        with pytest.raises(ExportError, match="--from-sigmoid.*expected one sigmoid"):
            ends(graph, wrong, "sigmoid")


def test_one_number_that_is_no_sigmoid_has_no_way_out() -> None:
    graph = Graph()
    with pytest.raises(ExportError, match="gives 1 number for a clip,.*cannot be exported"):
        ends(graph, dense(graph, hidden(graph, 1, 3), 1), None)


@pytest.mark.parametrize("bias", [-0.5, -40.0], ids=["in between", "as in one class"])
def test_several_sigmoids_are_no_classes(bias: float) -> None:
    """Their numbers can look like probabilities: all but one near 0, and that one near 1."""
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 3, "sigmoid", bias)
    if bias == -40.0:
        result.data = np.eye(3)[:1]
    with pytest.raises(ExportError, match="scores that do not exclude each other"):
        ends(graph, result, None)
    with pytest.raises(ExportError, match="--from-logits: the model ends in sigmoid"):
        ends(graph, result, "logits")


def test_other_ends_are_asked_for() -> None:
    graph = Graph()
    result = dense(graph, hidden(graph, 1, 3), 3, "relu")
    with pytest.raises(ExportError, match="ends in relu.*--from-logits.*--from-probabilities"):
        ends(graph, result, None)
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
