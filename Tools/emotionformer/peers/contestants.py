"""Who takes part, with which files, and in which ways each could be fastest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

OURS = "EmotionFormer"
PRECISIONS = ("float32", "int8")


@dataclass(frozen=True)
class Setting:
    """What is measured: a model, how many clips together, on how many threads."""

    model: str
    batch: int
    threads: int


@dataclass(frozen=True)
class Way:
    """One way of running an engine: the best is found by trying."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """An engine at one precision in one setting."""

    engine: str
    precision: str
    setting: Setting
    ways: tuple[Way, ...] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.engine} {self.precision}, {self.setting.threads} threads"


@dataclass(frozen=True)
class Files:
    """Where everything lies."""

    root: Path
    executable: Path
    python: Path
    tools: Path
    # Those of engines that not every machine can install.
    mnn: Path | None = None
    nncf: Path | None = None

    def model(self, name: str) -> Path:
        return self.root / name

    def ours(self, model: str, precision: str) -> Path:
        return self.model(model) / f"ours-{precision}"


def entries(files: Files, setting: Setting, batch: int) -> list[Entry]:
    """All engines in this setting. `batch` is the batch that the files with a fixed one have."""
    folder = files.model(setting.model)
    numbers = ("--threads", str(setting.threads), "--batch", str(setting.batch))

    def runner(runtime: str, model: str, *options: str, python: Path = files.python) -> tuple[str, ...]:
        start = (str(python), "-m", "emotionformer.peers.runner", runtime, str(folder / model))
        return (*start, "--clips", str(folder / "clips.npy"), *numbers, *options)

    found = []
    for precision in PRECISIONS:
        ours = (str(files.executable), "benchmark", "--model", str(files.ours(setting.model, precision)), *numbers)
        found.append(Entry(OURS, precision, setting, (Way("", (*ours, "--interactive")),)))
        short, suffix = ("f32", "") if precision == "float32" else ("int8", "-int8")
        single = setting.batch == 1
        batched = f"{short}.tflite" if single else f"{short}-batch{batch}.tflite"
        litert = [Way("" if single else "one batched input", runner("litert", batched))]
        onnx = []
        for form, label in (("plain", ""), ("fused", "fused attention")):
            how = label if single else ", ".join(filter(None, ["one batched input", label]))
            onnx.append(Way(how, runner("onnxruntime", f"{form}{suffix}.onnx")))
        if not single:
            litert.append(Way("a clip a thread", runner("litert", f"{short}.tflite", "--mode", "streams")))
            for form, label in (("plain", ""), ("fused", "fused attention")):
                how = ", ".join(filter(None, ["a clip a thread", label]))
                onnx.append(Way(how, runner("onnxruntime", f"{form}{suffix}.onnx", "--mode", "streams")))
        found.append(Entry("LiteRT", precision, setting, tuple(litert)))
        found.append(Entry("ONNX Runtime", precision, setting, tuple(onnx)))
        if precision == "float32":
            openvino = [Way("" if single else "one batched input", runner("openvino", "plain.onnx"))]
            if not single:
                openvino.append(Way("a stream a thread", runner("openvino", "plain.onnx", "--mode", "streams")))
            found.append(Entry("OpenVINO", precision, setting, tuple(openvino)))
        for engine, runtime, model, python, label in (
            ("MNN", "mnn", f"{short}.mnn", files.mnn, "" if precision == "float32" else "8-bit weights"),
            ("OpenVINO", "openvino", f"nncf-{short}.xml", files.nncf, "static, by NNCF"),
        ):
            if python is None or not (folder / model).exists():
                continue
            modes = [("" if single else "one batched input", "batched")]
            modes += [] if single else [("a clip a thread", "streams")]
            ways = [
                Way(", ".join(filter(None, [how, label])), runner(runtime, model, "--mode", mode, python=python))
                for how, mode in modes
            ]
            found.append(Entry(engine, precision, setting, tuple(ways)))
    return found


def cold_programs(files: Files, model: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Engine, precision and the least program that predicts one clip, as a command."""
    folder = files.model(model)
    programs = files.tools / "emotionformer" / "peers" / "programs"
    clip = str(folder / "clip.npy")
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for precision, short, suffix in (("float32", "f32", ""), ("int8", "int8", "-int8")):
        ours = (str(files.executable), "predict", "--threads", "1", "--json")
        found.append((OURS, precision, (*ours, "--model", str(files.ours(model, precision)), clip)))
        python = str(files.python)
        found.append(
            ("LiteRT", precision, (python, str(programs / "litert.py"), str(folder / f"{short}.tflite"), clip))
        )
        onnx = str(folder / f"plain{suffix}.onnx")
        found.append(("ONNX Runtime", precision, (python, str(programs / "onnxruntime.py"), onnx, clip)))
        if precision == "float32":
            found.append(("OpenVINO", precision, (python, str(programs / "openvino.py"), onnx, clip)))
    return found
