"""The tensor library against NumPy: random shapes, views and operations.

Moves and whole numbers must be the same, functions of one element within two units in the last place of the exact
result, sums and products within the bounds of their rounding errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from tensor_probe import (
    FLOATS,
    PROBE,
    WHOLE,
    Array,
    Operand,
    Probe,
    broadcasting,
    indexed,
    numbers,
    of_shape,
    random_operand,
    random_shape,
    random_slices,
)

pytestmark = pytest.mark.executable
KINDS = ("b1", *WHOLE, *FLOATS)
# Half of the distance of two neighbors, relative to their size.
ROUNDING = {"f2": 2.0**-11, "f4": 2.0**-24, "f8": 2.0**-53}


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    assert PROBE.exists(), f"{PROBE} is not built: swift build"
    with Probe() as running:
        yield running


@pytest.fixture
def random(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng([2026, *request.node.name.encode()])


def same(found: Array, expected: Array) -> None:
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected, equal_nan=expected.dtype.kind == "f")


def steps_apart(found: Array, exact: Array) -> float:
    """How many units in the last place a result is from the exact one, in double precision."""
    kind = found.dtype
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = exact.astype(kind)
        both = np.isfinite(rounded) & np.isfinite(found)
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        distance = np.abs(found.astype(np.float64) - exact) / unit
    assert np.array_equal(np.isnan(found), np.isnan(rounded))
    infinite = ~both & ~np.isnan(rounded)
    assert np.array_equal(found[infinite], rounded[infinite])
    return float(np.max(distance[both], initial=0))


def test_the_measure_of_steps() -> None:
    """Negative controls: a neighbor is one unit away, and a wrong sign, NaN or infinity is not passed over."""
    exact = np.array([1.0, -2.5, 1e-40])
    near = exact.astype("f4")
    assert steps_apart(near, exact) <= 0.5
    assert 2 < steps_apart(near + 3 * np.spacing(near), exact) < 4
    assert steps_apart(-near, exact) > 1e6
    for wrong in (np.nan, np.inf):
        with pytest.raises(AssertionError):
            steps_apart(np.array([wrong], "f4"), exact[:1])


@pytest.mark.parametrize("kind", KINDS)
def test_views(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(60):
        operand = random_operand(random, kind)
        same(probe("copy", operand).array, operand.seen)
        same(probe("flatten", operand).array, operand.seen.reshape(-1))


@pytest.mark.parametrize("kind", ["f4", "i8", "b1"])
def test_reshaping(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(60):
        operand = random_operand(random, kind)
        factors = [int(f) for f in random.permutation(operand.seen.shape)] if operand.seen.ndim else []
        if len(factors) > 1:
            factors = [factors[0] * factors[1], *factors[2:]]
        same(probe("reshape", operand, shape=factors).array, operand.seen.reshape(factors))


@pytest.mark.parametrize("kind", ["f4", "u1", "b1"])
def test_assignment(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(60):
        operand = random_operand(random, kind)
        sent, own = random_slices(random, operand.seen.shape)
        part = indexed(operand.seen, own)
        value = numbers(random, part.shape[int(random.integers(0, part.ndim + 1)) :], kind)
        places = indexed(np.arange(operand.seen.size).reshape(operand.seen.shape), own)
        expected = np.array(operand.seen, order="C")
        expected.reshape(-1)[places.reshape(-1)] = np.broadcast_to(value, part.shape).reshape(-1)
        answer = probe("assign", operand, value, slices=sent)
        same(answer.array, expected)
        same(answer.arrays[1], operand.seen)


WHOLE_PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "less": np.less,
    "lessOrEqual": np.less_equal,
    "greater": np.greater,
    "greaterOrEqual": np.greater_equal,
    "equal": np.equal,
    "notEqual": np.not_equal,
}


@pytest.mark.parametrize("kind", [*WHOLE, *FLOATS])
@pytest.mark.parametrize("operation", [*WHOLE_PAIRS, "divide"])
def test_pairs(probe: Probe, random: np.random.Generator, kind: str, operation: str) -> None:
    """One rounding each, so even fractions are the same."""
    for _ in range(12):
        left, right = (of_shape(random, kind, shape) for shape in broadcasting(random, 2))
        if kind in FLOATS and operation != "divide":
            left.array.reshape(-1)[: random.integers(0, 2)] = np.nan
        with np.errstate(all="ignore"):
            if operation != "divide":
                expected = WHOLE_PAIRS[operation](left.seen, right.seen)
            elif kind in FLOATS:
                expected = left.seen / right.seen
            else:
                right.array[right.array == 0] = 1
                expected = np.trunc(left.seen.astype(object) / right.seen.astype(object).astype(float)).astype("i8")
                expected = expected.astype(kind)
        same(probe(operation, left, right).array, np.asarray(expected))


def test_in_place(probe: Probe, random: np.random.Generator) -> None:
    for kind in ("f4", "i4"):
        left = of_shape(random, kind, (3, 5))
        right = of_shape(random, kind, (5,))
        same(probe("addInPlace", left, right).array, left.seen + right.seen)


@pytest.mark.parametrize("kind", [*WHOLE, *FLOATS])
def test_signs(probe: Probe, random: np.random.Generator, kind: str) -> None:
    own: dict[str, Callable[[Any], Any]] = {
        "negate": np.negative,
        "magnitude": np.abs,
        "square": np.square,
        "sign": np.sign,
        "relu": lambda x: np.maximum(x, np.zeros((), x.dtype)),
    }
    for operation, expected in own.items():
        operand = random_operand(random, kind)
        with np.errstate(all="ignore"):
            same(probe(operation, operand).array, np.asarray(expected(operand.seen)))


def sigmoid(x: Array) -> Array:
    return np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x)))


def erfc(x: Array) -> Array:
    return np.vectorize(math.erfc, otypes=[float])(x)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "reciprocal": np.reciprocal,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "erf": lambda x: np.vectorize(math.erf, otypes=[float])(x),
    "gelu": lambda x: x * 0.5 * erfc(-x / math.sqrt(2)),
    "geluTanh": lambda x: x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)),
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x: np.logaddexp(0, x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
    "trunc": np.trunc,
}


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("operation", FUNCTIONS)
def test_functions(probe: Probe, random: np.random.Generator, kind: str, operation: str) -> None:
    composed = operation in ("gelu", "geluTanh", "silu", "sigmoid")
    for size in (0.1, 1.0) if composed and kind == "f8" else (0.1, 3.0, 30.0):
        operand = of_shape(random, kind, (7, 37))
        operand.array[...] = np.asarray(random.standard_normal(operand.array.shape) * size, kind)
        operand.array.reshape(-1)[:4] = [0, np.inf, -np.inf, np.nan]
        if operation.startswith("gelu") or operation in ("silu",):
            operand.array[np.isinf(operand.array)] = 1
        with np.errstate(all="ignore"):
            exact = FUNCTIONS[operation](operand.seen.astype(np.longdouble if kind == "f8" else np.float64))
        found = probe(operation, operand).array
        # There is no more exact result beside one in double precision; errors of arguments grow in the tails.
        allowed = 2.0 if kind != "f8" else 64.0 if composed else 2.5
        assert steps_apart(found, np.asarray(exact, np.float64)) <= allowed, operation


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_powers(probe: Probe, random: np.random.Generator, kind: str) -> None:
    base = of_shape(random, kind, (5, 9))
    base.array[...] = np.abs(base.array)
    exponent = of_shape(random, kind, (9,))
    exact = np.power(base.seen.astype(np.float64), exponent.seen.astype(np.float64))
    assert steps_apart(probe("power", base, exponent).array, exact) <= 2


def axes_of(random: np.random.Generator, rank: int) -> tuple[list[int], tuple[int, ...] | None]:
    count = int(random.integers(0, min(rank, 2) + 1))
    axes = [int(axis) for axis in random.permutation(rank)[:count]]
    return axes, tuple(axes) or None


@pytest.mark.parametrize("kind", [*WHOLE, *FLOATS])
def test_sums(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(40):
        operand = random_operand(random, kind)
        axes, own = axes_of(random, operand.seen.ndim)
        keeps = bool(random.integers(0, 2))
        wide = np.float64 if kind in FLOATS else np.int64
        for operation, function in (("sum", np.sum), ("product", np.prod)):
            found = probe(operation, operand, axes=axes, keepsAxes=keeps).array
            expected = function(operand.seen.astype(wide), axis=own, keepdims=keeps)
            if kind in WHOLE:
                same(found, np.asarray(expected))
                continue
            size = function(np.abs(operand.seen.astype(wide)), axis=own, keepdims=keeps)
            allowed = ROUNDING[kind] * (operand.seen.size + 2) * size + np.finfo(kind).smallest_subnormal
            with np.errstate(over="ignore"):
                finite = np.isfinite(np.asarray(expected).astype(kind))
            assert np.all((np.abs(found - expected) <= allowed) | ~finite)


def test_long_sums(probe: Probe, random: np.random.Generator) -> None:
    """The error does not grow with the number of elements, along rows and along columns."""
    values = random.random((4096, 8)).astype("f4")
    exact = values.astype(np.float64)
    assert steps_apart(probe("sum", values, axes=[]).array, exact.sum()) <= 1
    columns = probe("sum", values, axes=[0]).array
    assert np.max(np.abs(columns - exact.sum(0)) / exact.sum(0)) < 64 * 2**-24
    assert steps_apart(probe("sum", np.ascontiguousarray(values.T), axes=[1]).array, exact.sum(0)) <= 4


@pytest.mark.parametrize("kind", [*WHOLE, *FLOATS])
def test_extremes(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(40):
        operand = random_operand(random, kind)
        if kind in FLOATS and operand.array.size and random.integers(0, 3) == 0:
            operand.array.reshape(-1)[random.integers(0, operand.array.size)] = np.nan
        axes, own = axes_of(random, operand.seen.ndim)
        keeps = bool(random.integers(0, 2))
        for operation, function in (("max", np.max), ("min", np.min)):
            answer = probe(operation, operand, axes=axes, keepsAxes=keeps)
            try:
                expected = function(operand.seen, axis=own, keepdims=keeps)
            except ValueError:
                assert answer.error and "no elements" in answer.error
                continue
            same(answer.array, np.asarray(expected))
        if operand.seen.ndim and operand.seen.size:
            axis = int(random.integers(-operand.seen.ndim, operand.seen.ndim))
            same(probe("argMax", operand, axis=axis).array, np.argmax(operand.seen, axis))
            least = np.argmin(operand.seen, axis, keepdims=True)
            same(probe("argMin", operand, axis=axis, keepsAxes=True).array, least)


@pytest.mark.parametrize("kind", [*WHOLE, "f4", "f8"])
def test_along_an_axis(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(30):
        operand = random_operand(random, kind, random_shape(random, int(random.integers(1, 4))))
        seen = operand.seen
        axis = int(random.integers(-seen.ndim, seen.ndim))
        sums = np.cumsum(seen.astype("i8" if kind in WHOLE else "f8"), axis)
        found = probe("cumulativeSum", operand, axis=axis).array
        if kind in WHOLE:
            same(found, sums)
        else:
            assert np.allclose(found, sums, rtol=0, atol=float(ROUNDING[kind] * (1 + np.abs(seen).sum()) * 4))
        same(probe("sort", operand, axis=axis).array, np.sort(seen, axis))
        same(probe("argSort", operand, axis=axis).array, np.argsort(seen, axis, kind="stable"))
        count = int(random.integers(0, seen.shape[axis] + 1))
        answer = probe("topK", operand, axis=axis, number=count)
        largest = np.take(np.flip(np.sort(seen, axis), axis), range(count), axis)
        same(answer.arrays[0], largest)
        same(np.take_along_axis(seen, answer.arrays[1], axis), largest)


@pytest.mark.parametrize("kind", KINDS)
def test_gathering(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(20):
        shape = tuple(max(extent, 1) for extent in random_shape(random, int(random.integers(1, 4))))
        operand = random_operand(random, kind, shape)
        axis = int(random.integers(-len(shape), len(shape)))
        length = shape[axis]
        indices = random.integers(-length, length, random_shape(random, int(random.integers(0, 3))))
        indices = np.asarray(indices)
        same(probe("gather", operand, indices, axis=axis).array, np.take(operand.seen, indices, axis))
        along = random.integers(-length, length, (*shape[:axis], 3, *shape[axis:][1:]) if axis >= 0 else shape)
        same(probe("gatherAlong", operand, along, axis=axis).array, np.take_along_axis(operand.seen, along, axis))
        mask = random.integers(0, 2, shape).astype(bool)
        same(probe("elementsWhere", operand, mask).array, operand.seen[mask])
        times = [int(time) for time in random.integers(0, 4, len(shape))]
        same(probe("tile", operand, axes=times).array, np.tile(operand.seen, times))


@pytest.mark.parametrize("kind", KINDS)
def test_joining(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(20):
        shape = random_shape(random, int(random.integers(1, 4)))
        axis = int(random.integers(-len(shape), len(shape)))
        parts = []
        for _ in range(int(random.integers(1, 4))):
            extents = list(shape)
            extents[axis] = int(random.integers(0, 5))
            parts.append(random_operand(random, kind, tuple(extents)))
        seen = [part.seen for part in parts]
        same(probe("concatenate", *parts, axis=axis).array, np.concatenate(seen, axis))
        alike = [random_operand(random, kind, shape) for _ in range(3)]
        same(probe("stack", *alike, axis=axis).array, np.stack([part.seen for part in alike], axis))


@pytest.mark.parametrize("kind", KINDS)
def test_selection(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(20):
        first, second, third = broadcasting(random, 3)
        left, right = of_shape(random, kind, first), of_shape(random, kind, second)
        mask = of_shape(random, "b1", third)
        same(probe("select", left, right, mask).array, np.where(mask.seen, left.seen, right.seen))


def test_booleans(probe: Probe, random: np.random.Generator) -> None:
    for _ in range(20):
        left, right = (of_shape(random, "b1", shape) for shape in broadcasting(random, 2))
        same(probe("and", left, right).array, left.seen & right.seen)
        same(probe("or", left, right).array, left.seen | right.seen)
        same(probe("xor", left, right).array, left.seen ^ right.seen)
        same(probe("not", left).array, ~left.seen)
        if left.seen.ndim:
            same(probe("all", left, axis=-1).array, np.all(left.seen, -1))
            same(probe("any", left, axis=0, keepsAxes=True).array, np.any(left.seen, 0, keepdims=True))


@pytest.mark.parametrize("kind", [*WHOLE, *FLOATS])
def test_products(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(40):
        m, k, n = (int(extent) for extent in random.choice([0, 1, 2, 3, 5, 8, 17, 40], 3))
        batch, other = (shape[-2:] for shape in broadcasting(random, 2))
        left = of_shape(random, kind, (k,) if random.integers(0, 8) == 0 else (*batch, m, k))
        right = of_shape(random, kind, (k,) if random.integers(0, 8) == 0 else (*other, k, n))
        try:
            wide = "f8" if kind in FLOATS else kind
            with np.errstate(over="ignore"):
                expected = np.asarray(np.matmul(left.seen.astype(wide), right.seen.astype(wide)))
        except ValueError:
            assert probe("matmul", left, right).error
            continue
        found = probe("matmul", left, right).array
        assert found.shape == expected.shape
        if kind in WHOLE:
            same(found, expected)
            continue
        size = np.matmul(np.abs(left.seen).astype("f8"), np.abs(right.seen).astype("f8"))
        allowed = ROUNDING[kind] * (k + 2) * size + np.finfo(kind).smallest_subnormal
        with np.errstate(over="ignore"):
            finite = np.isfinite(np.asarray(expected).astype(kind))
        assert np.all((np.abs(found.astype("f8") - expected) <= allowed) | ~finite)


@pytest.mark.parametrize("kind", FLOATS)
def test_rows(probe: Probe, random: np.random.Generator, kind: str) -> None:
    for _ in range(10):
        shape = tuple(max(extent, 1) for extent in random_shape(random, int(random.integers(1, 4))))
        operand = random_operand(random, kind, shape)
        axis = int(random.integers(-len(shape), len(shape)))
        x = operand.seen.astype("f8")
        exponentials = np.exp(x - x.max(axis, keepdims=True))
        softmax = exponentials / exponentials.sum(axis, keepdims=True)
        close = 16 * ROUNDING[kind]
        assert np.allclose(probe("softmax", operand, axis=axis).array, softmax, rtol=close, atol=close)
        found = probe("logSoftmax", operand, axis=axis).array
        assert np.allclose(found, np.log(softmax), rtol=close, atol=close * float(1 + np.abs(x).max()))
        centered = x - x.mean(axis, keepdims=True)
        normal = centered / np.sqrt((centered**2).mean(axis, keepdims=True) + 1e-3)
        found = probe("layerNormalized", operand, axis=axis, number=1e-3).array
        size = float(1 + np.abs(x).max() * 40)
        assert np.allclose(found, normal, rtol=32 * ROUNDING[kind], atol=64 * ROUNDING[kind] * size)
        found = probe("variance", operand, axis=axis, number=0.0).array
        exact = (centered**2).mean(axis)
        size = float(np.abs(x).max() ** 2)
        assert np.allclose(found, exact, rtol=64 * ROUNDING[kind], atol=64 * ROUNDING[kind] * size)


def test_conversions(probe: Probe, random: np.random.Generator) -> None:
    for kind in (*WHOLE, *FLOATS):
        for target in ("f4", "f8", "i1", "u1", "i4", "i8"):
            operand = random_operand(random, kind)
            answer = probe("convert", operand, type=target)
            whole = np.trunc(operand.seen.astype("f8")) if np.dtype(target).kind in "iu" else operand.seen
            with np.errstate(all="ignore"):
                fits = np.array_equal(whole.astype(target).astype("f8"), whole.astype("f8"))
            if np.dtype(target).kind == "f" or fits:
                same(answer.array, operand.seen.astype(target))
            else:
                assert answer.error and "cannot hold" in answer.error
    assert "cannot hold" in (probe("convert", np.array([np.nan], "f4"), type="i4").error or "")
    assert "cannot hold" in (probe("convert", np.array([2.0**63], "f8"), type="i8").error or "")
    same(probe("convert", np.array([True, False]), type="f4").array, np.array([1, 0], "f4"))


@pytest.mark.parametrize("kind", ["b1", "u1", "i8", "f4", "f8"])
def test_texts(probe: Probe, random: np.random.Generator, kind: str) -> None:
    cases: list[Array] = [random_operand(random, kind).seen for _ in range(60)]
    cases += [numbers(random, shape, kind) for shape in ((40,), (3, 50), (1001,), (30, 50), (12, 12, 12))]
    if kind in FLOATS:
        for values in ([1, 2, 3], [0.1, 22.25, -3], [1e-5, 1], [1e8, 1], [1e20, 3], [np.nan, 1, -np.inf], [0.0, -0.0]):
            cases.append(np.array(values, kind))
        for values in ([1e-12, 1e-10], [1 / 3, 2 / 3], [123456.789, 0.5], [np.inf], [1e-5, np.nan], [-1.5e30, 2]):
            cases.append(np.array(values, kind))
        cases += [(random.standard_normal(9) * 10.0 ** random.integers(-6, 9)).astype(kind) for _ in range(40)]
    for case in cases:
        assert probe("text", np.array(case, order="C")).text == str(np.asarray(case)), repr(case)


def test_errors(probe: Probe) -> None:
    square = np.zeros((2, 3), "f4")
    for answer, words in (
        (probe("matmul", square, square), "[2, 3] and [2, 3]"),
        (probe("gather", square, np.array([2]), axis=0), "no such index"),
        (probe("concatenate", square, np.zeros((2, 2), "f4"), axis=0), "the other axes differ"),
        (probe("divide", np.array([1], "i4"), np.array([0], "i4")), "divided by 0"),
        (probe("reshape", square, shape=[4, 2]), "number of elements"),
        (probe("copy", Operand(square).view("slice", square, slices=[[0, 3, 1]])), "not inside the axis"),
        (probe("copy", Operand(square).view("transpose", square, axes=[0, 0])), "every axis must occur once"),
        (probe("sum", square, axes=[0, 0]), "an axis occurs twice"),
    ):
        assert answer.error and words in answer.error, answer
