"""What became of many files: a line for each, and the refusals by kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from emotionformer.wild.comparison import AGREES, ALONE, DIFFERS, FLEX, NEAR, NEITHER, REFUSED, Result

FORMAT = "emotionformer-wild"
# What a message says, by words in it, and what to do: the first that fits.
KINDS: tuple[tuple[str, str, str], ...] = (
    (
        "a custom layer",
        r"not Keras's own|--transformer-block|--position-layer|--attention-layer|--tcn-layer",
        "say how it computes, with the option that the line names, or with --custom FILE.py",
    ),
    ("a Lambda", r"\bLambda\b", "give its meaning with --custom FILE.py"),
    ("a layer of Keras that is not exported", r"this layer of Keras's own|layer .*not supported", "see the line"),
    ("an operation of Keras that is not exported", r"this operation is not supported", "give it with --custom FILE.py"),
    ("TensorFlow's own operators (Flex)", r"Flex", "export the Keras file that it was made from with Tools/export"),
    ("an operator of TensorFlow Lite", r"operator", "see the line; Tools/export of the Keras file is often a way"),
    ("weights alone", r"model_config|architecture", "save the whole model with model.save(...)"),
    ("a subclassed model", r"only Functional and Sequential", "rebuild it with the functional API and save it again"),
    ("a shape that is left open", r"--input-shape|--frames|--features|give the largest", "give it as the line says"),
    ("quantized weights of a kind that is not read", r"quantized", "export the float model"),
    ("a damaged file", r"damaged|no HDF5|not a zip|truncated|is no ", "get it again"),
    ("too large", r"--no-limits|more memory|no end within|ended by", "if it is your own, give --no-limits"),
)
OTHER = ("something else", "see the line")
TITLES = {
    AGREES: "agree with their framework",
    NEAR: "are near it: they round to whole numbers or half precision on the way",
    DIFFERS: "DIFFER from their framework",
    REFUSED: "run in their framework and are refused here",
    ALONE: "run here; their framework does not run them",
    NEITHER: "run in neither",
}


def kind_of(message: str) -> tuple[str, str]:
    """A refusal's kind, and what to do about it."""
    for name, pattern, advice in KINDS:
        if re.search(pattern, message):
            return name, advice
    return OTHER


def line(result: Result) -> str:
    """A file's line while files are run."""
    number = "" if result.difference is None else f"{result.difference:.1e}"
    return f"{result.state:8} {number:8} {result.name}" + (f"  ({result.framework})" if result.framework else "")


def table(results: Sequence[Result]) -> list[str]:
    """How many files of each state, and the refusals by kind with their lines."""
    lines = []
    for state, title in TITLES.items():
        chosen = [result for result in results if result.state == state]
        if not chosen:
            continue
        differences = [result.difference for result in chosen if result.difference is not None]
        largest = f" (largest difference {max(differences):.1e})" if differences else ""
        lines.append(f"{len(chosen):4} {title}{largest}")
        if state in (REFUSED, NEITHER):
            lines += _by_kind(chosen)
        if state == DIFFERS:
            lines += [f"       {result.name}{f': {result.theirs}' if result.theirs else ''}" for result in chosen]
        if state == ALONE:
            lines += _alone(chosen)
    return [*lines, share(results)]


def share(results: Sequence[Result]) -> str:
    """How many agree, of those that are compared or refused: one that its own framework does not run tells nothing."""
    counts = {state: sum(result.state == state for result in results) for state in TITLES}
    whole = counts[AGREES] + counts[NEAR] + counts[DIFFERS] + counts[REFUSED]
    if not whole:
        return "no file is run by its framework"
    near = f", {counts[NEAR]} more are near it" if counts[NEAR] else ""
    return f"{counts[AGREES]} of {whole} run and agree ({100 * counts[AGREES] / whole:.1f} %){near}"


def _alone(results: Sequence[Result]) -> list[str]:
    """Files that their framework does not run, by what it says."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        says = "TensorFlow's own operators (Flex): give --flex" if FLEX in result.theirs else result.theirs
        groups.setdefault(says, []).append(result)
    lines = []
    for says, chosen in sorted(groups.items(), key=lambda item: -len(item[1])):
        lines.append(f"     {len(chosen):4} {says}")
        lines += [f"            {result.name}" for result in chosen]
    return lines


def _by_kind(results: Sequence[Result]) -> list[str]:
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault(kind_of(result.message), []).append(result)
    lines = []
    for (name, advice), chosen in sorted(groups.items(), key=lambda item: -len(item[1])):
        lines.append(f"     {len(chosen):4} {name}: {advice}")
        lines += [f"            {result.name}: {result.message}" for result in chosen]
    return lines


def document(results: Sequence[Result], count: int | None = None) -> dict[str, Any]:
    """Everything, for `--json`; `count` is the number of files, of which some may be waiting."""
    return {
        "format": FORMAT,
        "waiting": 0 if count is None else count - len(results),
        "share": share(results),
        "counts": {state: sum(result.state == state for result in results) for state in TITLES},
        "files": [_entry(result) for result in results],
    }


def _entry(result: Result) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": result.name,
        "state": result.state,
        "framework": result.framework,
        "difference": result.difference if result.difference != float("inf") else "infinite",
        "message": result.message,
        "theirs": result.theirs,
    }
    if result.message:
        entry["kind"], entry["advice"] = kind_of(result.message)
    return entry
