"""What was found, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emotionformer.peers.bars import Bar, instruction_set
from emotionformer.peers.contestants import OURS

Document = dict[str, Any]


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def runs(document: Document) -> str:
    """One block for each model and batch: median (p10–p90) at each number of threads."""
    blocks = []
    for model, batch in dict.fromkeys((run["model"], run["batch"]) for run in document["runs"]):
        here = [run for run in document["runs"] if (run["model"], run["batch"]) == (model, batch)]
        threads = sorted({run["threads"] for run in here})
        by_key = {(run["engine"], run["precision"], run["threads"]): run for run in here}
        rows = [["engine", "", *(f"{count} thread{'s' * (count > 1)}, ms" for count in threads), "from Keras", ""]]
        engines = dict.fromkeys((run["engine"], run["precision"]) for run in here)

        def order(key: tuple[str, str]) -> tuple[str, float]:
            run = by_key.get((*key, threads[0]))
            return key[1], run["milliseconds"]["median"] if run and run["milliseconds"] else float("inf")

        for engine, precision in sorted(engines, key=order):
            found = [by_key[key] for count in threads if (key := (engine, precision, count)) in by_key]
            cells = []
            for count in threads:
                run = by_key.get((engine, precision, count))
                taken = run["milliseconds"] if run else None
                cells.append(
                    f"{number(taken['median'])} ({number(taken['p10'])}–{number(taken['p90'])})" if taken else "–"
                )
            difference = max(run["difference"] for run in found)
            problem = next((f"WRONG: {run['problem']}" for run in found if run["problem"]), "")
            ways = "; ".join(dict.fromkeys(run["way"] for run in found if run["way"]))
            rows.append([engine, precision, *cells, f"{difference:.0e}", problem or ways])
        title = f"{model}, {'one clip' if batch == 1 else f'{batch} clips'}, {level(document)}: median (p10–p90)"
        blocks.append("\n".join([title, *aligned(rows, frozenset(range(2, 3 + len(threads))))]))
    if document["coldStart"]:
        rows = [["engine", "", "ms", "peak MiB"]]
        for row in document["coldStart"]:
            taken = row["milliseconds"]
            cell = f"{number(taken['median'])} ({number(taken['p10'])}–{number(taken['p90'])})"
            rows.append([row["engine"], row["precision"], cell, number(row["peakBytes"] / 2**20)])
        title = "whole processes: start to first result, peak memory (the peers' least Python programs)"
        blocks.append("\n".join([title, *aligned(rows, frozenset({2, 3}))]))
    return "\n\n".join(blocks) + "\n"


def landmarker(document: Document) -> str:
    """One block for the landmarker; nothing if it was not measured."""
    found = document.get("landmarker")
    if not found:
        return ""

    def cell(taken: Document) -> str:
        return f"{number(taken['median'])} ({number(taken['p10'])}–{number(taken['p90'])})"

    rows = [["what", "threads", "engine", "ms"]]
    for row in found["networks"]:
        rows.append([row["network"], str(row["threads"]), row["engine"], cell(row["milliseconds"])])
    for part, name in (("frame", "tracked frame, processor time"), ("video", "video to emotion")):
        rows += [[name, "", engine, cell(taken)] for engine, taken in found[part].items()]
    title = f"the landmarker, {level(document)}: median (p10–p90)"
    return "\n".join([title, *aligned(rows, frozenset({1, 3}))]) + "\n"


def limits(found: Sequence[Bar]) -> list[str]:
    """Markdown rows of bars."""
    rows = []
    for bar in found:
        unit = "" if bar.unit == "×" else f" {bar.unit}"
        value = "–" if bar.value is None else f"{bar.value:.2f}" if not unit else f"{number(bar.value)}{unit}"
        rows.append(f"| {bar.name.replace(' / ', ' ÷ ')} | {bar.limit:.2f}{unit} | {value} |")
    return ["| what | at most | is |", "|---|---|---|", *rows]


LEVELS = {"portable": "portable kernels", "avx2": "AVX2", "avx512": "AVX-512", "neon": "NEON"}


def level(document: Document) -> str:
    """The instruction set that this engine computed with."""
    found = instruction_set(document)
    return LEVELS.get(str(found), found or "instruction set unknown")


def place(document: Document) -> str:
    """The machine of a run, on one line."""
    machine = document["machine"]
    return f"{machine['processor']}, {machine['cores']} cores, {level(document)}"


def against(document: Document) -> list[str]:
    """Markdown rows of one clip: this engine's median by that of each other, with 1 and 2 threads of each model."""
    alone = [run for run in document["runs"] if run["batch"] == 1]
    columns = list(dict.fromkeys((run["model"], run["threads"]) for run in alone))
    taken = {
        (run["engine"], run["precision"], run["model"], run["threads"]): run["milliseconds"]["median"]
        for run in alone
        if run["milliseconds"] and not run["problem"]
    }
    rows = []
    for engine, precision in dict.fromkeys((run["engine"], run["precision"]) for run in alone):
        if engine == OURS:
            continue
        cells = []
        for column in columns:
            ours, theirs = taken.get((OURS, precision, *column)), taken.get((engine, precision, *column))
            cells.append("–" if ours is None or theirs is None else f"{ours / theirs:.2f}")
        rows.append(f"| {engine}, {precision} | {' | '.join(cells)} |")
    heads = [f"{model}, {threads} thread{'s' * (threads > 1)}" for model, threads in columns]
    title = f"| {level(document)}: this engine ÷ | {' | '.join(heads)} |"
    return [title, "|---" * (len(columns) + 1) + "|", *rows]


def ratios(found: Sequence[Bar]) -> str:
    rows = [["bar", "at most", "is", ""]]
    for bar in found:
        if bar.unit == "×":
            rows.append([bar.name, f"{bar.limit:.2f}", "–" if bar.value is None else f"{bar.value:.2f}", bar.verdict])
        else:
            value = "–" if bar.value is None else f"{number(bar.value)} {bar.unit}"
            rows.append([bar.name, f"{number(bar.limit)} {bar.unit}", value, bar.verdict])
    return "\n".join(aligned(rows, frozenset({1, 2}))) + "\n"
