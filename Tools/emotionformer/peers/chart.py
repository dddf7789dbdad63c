"""The chart that the README shows: a bar for each engine, as SVG written by hand."""

from __future__ import annotations

from typing import Any

from emotionformer.console.printing import markup as escape
from emotionformer.peers.contestants import OURS
from emotionformer.peers.table import number, place

Document = dict[str, Any]
# Narrow enough to be read on a phone, where it is scaled down little.
WIDTH = 440
LEFT, BAR, GAP = 132, 18, 7

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.note { font-size: 11.5px; fill: #59636e }
.ours { font-weight: 600 }
.bar { fill: #afb8c1 }
.bar.ours { fill: #0969da }
.range { stroke: #24292f; stroke-width: 1.25; fill: none }
.page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9198a1 }
  .bar { fill: #57606a }
  .bar.ours { fill: #4493f8 }
  .range { stroke: #e6edf3 }
  .page { fill: #0d1117 }
}
"""


def panel(document: Document, model: str, batch: int, threads: int) -> list[Document]:
    """The right runs of a setting, float32 first, each precision from the fastest on."""
    found = [
        run
        for run in document["runs"]
        if (run["model"], run["batch"], run["threads"]) == (model, batch, threads)
        and run["milliseconds"]
        and not run["problem"]
    ]
    return sorted(found, key=lambda run: (run["precision"], run["milliseconds"]["median"]))


def chart(document: Document) -> str:
    """A panel each for one clip of every model on 2 threads, the base model's on 1 as well, and for its batch."""
    body: list[str] = []
    y = 24
    body.append(f'<text class="title" x="12" y="{y}">Milliseconds a prediction, less is better</text>')
    y += 18
    body.append(f'<text class="note" x="12" y="{y}">{escape(place(document))}</text>')
    y += 16
    body.append(f'<text class="note" x="12" y="{y}">medians in turns in one run; lines: 10th to 90th percentile</text>')
    y += 10
    models = list(dict.fromkeys(run["model"] for run in document["runs"]))
    settings = [("base", 1, 1), *((model, 1, 2) for model in models), ("base", int(document["batch"]), 2)]
    for model, batch, threads in settings:
        runs = panel(document, model, batch, threads)
        if not runs:
            continue
        y += 24
        clips = "one clip" if batch == 1 else f"{batch} clips"
        title = f"{model}, {clips}, {threads} thread{'s' * (threads > 1)}"
        body.append(f'<text class="title" x="12" y="{y}">{escape(title)}</text>')
        y += 4
        scale = (WIDTH - LEFT - 62) / max(run["milliseconds"]["p90"] for run in runs)
        precision = ""
        for run in runs:
            if run["precision"] != precision:
                precision = run["precision"]
                y += 16
                body.append(f'<text class="note" x="12" y="{y}">{escape(precision)}</text>')
                y += 6
            body += row(run, y, scale)
            y += BAR + GAP
    y += 8
    summary = "Bar chart of milliseconds a prediction by engine; the numbers are in the table beside it."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img" '
        f'aria-label="{summary}">\n<style>{STYLE}</style>\n'
        f'<rect class="page" width="{WIDTH}" height="{y}" rx="6"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def row(run: Document, y: float, scale: float) -> list[str]:
    taken = run["milliseconds"]
    ours = " ours" if run["engine"] == OURS else ""
    middle = y + BAR / 2
    text = middle + 4.5
    low, high = LEFT + taken["p10"] * scale, LEFT + taken["p90"] * scale
    width = max(1.0, taken["median"] * scale)
    end = max(LEFT + width, high) + 6
    return [
        f'<text class="{ours.strip()}" x="12" y="{text:.1f}">{escape(run["engine"])}</text>',
        f'<rect class="bar{ours}" x="{LEFT}" y="{y:.1f}" width="{width:.1f}" height="{BAR}" rx="2"/>',
        f'<path class="range" d="M{low:.1f} {middle - 3:.1f}v6m0-3H{high:.1f}m0-3v6"/>',
        f'<text class="{ours.strip()}" x="{end:.1f}" y="{text:.1f}">{number(taken["median"])}</text>',
    ]
