"""Einstein sums of one or two tensors, written as transpose, reshape and one matrix product."""

from __future__ import annotations

import math

from emotionformer.errors import ExportError
from emotionformer.export.graph import Graph, Value


def product(graph: Graph, equation: str, operands: list[Value]) -> Value:
    """The value of `equation` (as NumPy's einsum has it) for one or two operands without repeated letters."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow or len(terms) != len(operands) or len(terms) > 2:
        raise ExportError(f"{graph.scope}: the einsum '{equation}' of {len(operands)} tensors is not supported")
    terms, result = _without_ellipsis(terms, result, operands)
    for term, operand in zip(terms, operands):
        if len(set(term)) != len(term) or len(term) != operand.rank:
            raise ExportError(f"{graph.scope}: the einsum '{equation}' does not fit a tensor of shape {operand.shape}")
    if len(terms) == 1:
        return _ordered(graph, _summed(graph, operands[0], terms[0], result), result)[0]
    return _pair(graph, terms, result, operands)


def _without_ellipsis(terms: list[str], result: str, operands: list[Value]) -> tuple[list[str], str]:
    if "..." not in "".join(terms) + result:
        return terms, result
    count = max(op.rank - len(term.replace("...", "")) for term, op in zip(terms, operands) if "..." in term)
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in "".join(terms) + result][:count]
    return [term.replace("...", "".join(free)) for term in terms], result.replace("...", "".join(free))


def _summed(graph: Graph, value: Value, term: str, kept: str) -> tuple[Value, str]:
    gone = [axis for axis, letter in enumerate(term) if letter not in kept]
    if not gone:
        return value, term
    return graph.one("reduceSum", value, axes=gone), "".join(letter for letter in term if letter in kept)


def _ordered(graph: Graph, pair: tuple[Value, str], wanted: str) -> tuple[Value, str]:
    value, term = pair
    if term == wanted:
        return value, term
    return graph.one("transpose", value, permutation=[term.index(letter) for letter in wanted]), wanted


def _pair(graph: Graph, terms: list[str], result: str, operands: list[Value]) -> Value:
    first = _summed(graph, operands[0], terms[0], terms[1] + result)
    second = _summed(graph, operands[1], terms[1], terms[0] + result)
    extents = {letter: n for (value, term) in (first, second) for letter, n in zip(term, value.shape)}
    batch = [letter for letter in result if letter in first[1] and letter in second[1]]
    inner = [letter for letter in first[1] if letter in second[1] and letter not in result]
    rows = [letter for letter in result if letter in first[1] and letter not in batch]
    columns = [letter for letter in result if letter in second[1] and letter not in batch]

    def size(letters: list[str]) -> int:
        return math.prod(extents[letter] for letter in letters)

    left = _ordered(graph, first, "".join(batch + rows + inner))[0]
    right = _ordered(graph, second, "".join(batch + inner + columns))[0]
    lead = [extents[letter] for letter in batch]
    left = graph.one("reshape", left, shape=[*lead, size(rows), size(inner)])
    right = graph.one("reshape", right, shape=[*lead, size(inner), size(columns)])
    made = graph.one("matmul", left, right)
    order = "".join(batch + rows + columns)
    made = graph.one("reshape", made, shape=[extents[letter] for letter in order])
    return _ordered(graph, (made, order), result)[0]
