"""Every Swift example in the documentation compiles, and every command that it shows exists."""

from __future__ import annotations

import re
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from emotionformer.places import ROOT as PROJECT

MODULES = PROJECT / ".build" / "debug" / "Modules"
ARTICLES = [PROJECT / "README.md", *sorted((PROJECT / "Sources" / "EmotionFormer" / "EmotionFormer.docc").glob("*.md"))]
SOURCES = [
    *sorted((PROJECT / "Sources" / "EmotionFormer").glob("*.swift")),
    *sorted((PROJECT / "Sources" / "Landmarks").rglob("*.swift")),
    *sorted((PROJECT / "Sources" / "Tensors").rglob("*.swift")),
    *sorted((PROJECT / "Weights").rglob("*.swift")),
]

# What an example may use without saying where it comes from.
CONTEXT = {
    "url": "URL",
    "npy": "URL",
    "tflite": "URL",
    "assets": "URL",
    "folder": "String",
    "modelPath": "String",
    "model": "EmotionModel",
    "clip": "LandmarkClip",
    "clips": "[LandmarkClip]",
    "features": "[Float]",
    "data": "Data",
    "landmarks": "[SIMD3<Float>]",
    "interpreter": "Interpreter",
    "camera": "Camera",
    "stream": "EmotionStream",
    "face": "ModelTensor",
    "pose": "ModelTensor",
    "steps": "[ModelTensor]",
    "task": "URL",
    "x": "Tensor<Float>",
    "scores": "Tensor<Float>",
    "pixels": "[UInt8]",
    "image": "ImageFrame",
    "landmarker": "FaceLandmarker",
    "video": "AsyncStream<VideoFrame>",
}
PREAMBLE = """
import EmotionFormer
import EmotionFormerBundledLandmarker
import EmotionFormerBundledModel
import EmotionFormerLandmarks
import EmotionFormerTensors
import Foundation

struct Camera: Sequence, IteratorProtocol {
    var frames: AsyncStream<LandmarkFrame> { AsyncStream { $0.finish() } }
    mutating func next() -> LandmarkFrame? { nil }
}

func show(_ prediction: StreamPrediction) {}
func draw(_ landmarks: [SIMD3<Float>]) {}

"""


@dataclass(frozen=True)
class Example:
    file: Path
    line: int
    code: str

    @property
    def is_manifest(self) -> bool:
        return self.code.lstrip().startswith(("dependencies:", "targets:", ".package("))

    @property
    def place(self) -> str:
        return f"{self.file.relative_to(PROJECT)}:{self.line}"


def examples_in(file: Path) -> list[Example]:
    """The blocks marked `swift`; in a Swift file, those of its documentation comments."""
    lines = file.read_text(encoding="utf-8").splitlines()
    if file.suffix == ".swift":
        lines = [re.sub(r"^\s*/// ?", "", line) if re.match(r"\s*///", line) else "" for line in lines]
    found: list[Example] = []
    start: int | None = None
    for number, line in enumerate(lines, 1):
        if start is None and line.strip() == "```swift":
            start = number
        elif start is not None and line.strip() == "```":
            found.append(Example(file, start, textwrap.dedent("\n".join(lines[start : number - 1]))))
            start = None
    assert start is None, f"{file}: the block of line {start} does not end"
    return found


EXAMPLES = [example for file in [*ARTICLES, *SOURCES] for example in examples_in(file)]


def program(examples: list[Example]) -> str:
    """One function an example, so that each may name things as it likes; errors point at the document."""
    parameters = ", ".join(f"{name}: {kind}" for name, kind in CONTEXT.items())
    text = PREAMBLE
    for number, example in enumerate(examples):
        body = "\n".join(line for line in example.code.splitlines() if not line.startswith("import "))
        text += f"func example{number}({parameters}) async throws {{\ndo {{\n"
        text += f'#sourceLocation(file: "{example.place.split(":")[0]}", line: {example.line + 1})\n'
        text += f"{body}\n#sourceLocation()\n}}\n}}\n"
    return text


def flags_of_the_package(modules: Path) -> list[str]:
    """Where the modules lie, and the C modules that they were built with."""
    flags = ["-I", str(modules)]
    for module_map in sorted((PROJECT / "Sources").glob("*/module.modulemap")):
        flags += ["-Xcc", f"-fmodule-map-file={module_map}"]
    return flags


def type_check(text: str, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    file = folder / "Examples.swift"
    file.write_text(text, encoding="utf-8")
    command = [
        "swiftc",
        "-typecheck",
        "-parse-as-library",
        "-swift-version",
        "6",
        "-suppress-warnings",
        *flags,
        str(file),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def modules() -> Path:
    if not (MODULES / "EmotionFormer.swiftmodule").exists():
        subprocess.run(["swift", "build", "--package-path", str(PROJECT)], check=True, capture_output=True)
    return MODULES


def test_examples_compile(modules: Path, tmp_path: Path) -> None:
    code = [example for example in EXAMPLES if not example.is_manifest]
    assert len(code) >= 10
    result = type_check(program(code), tmp_path, *flags_of_the_package(modules))
    assert result.returncode == 0, result.stderr


def test_a_wrong_example_is_found(modules: Path, tmp_path: Path) -> None:
    wrong = Example(PROJECT / "README.md", 7, "let p = try model.recognize(clip)")
    result = type_check(program([wrong]), tmp_path, *flags_of_the_package(modules))
    assert result.returncode != 0
    assert "README.md:8" in result.stderr


def test_manifests_compile(tmp_path: Path) -> None:
    compiler = subprocess.run(["swiftc", "-print-target-info"], capture_output=True, text=True, check=True)
    match = re.search(r'"runtimeResourcePath"\s*:\s*"([^"]+)"', compiler.stdout)
    assert match
    interface = Path(match[1]) / "pm" / "ManifestAPI"
    manifests = [example for example in EXAMPLES if example.is_manifest]
    assert manifests
    text = "import PackageDescription\n"
    for number, example in enumerate(manifests):
        text += f'@MainActor let package{number} = Package(\nname: "App",\n{example.code}\n)\n'
    flags = ["-I", str(interface), "-package-description-version", "6.2.0"]
    result = type_check(text, tmp_path, *flags)
    assert result.returncode == 0, result.stderr


def commands() -> list[tuple[str, str]]:
    """Every line of a shell block that starts one of the project's programs, with its place."""
    found: list[tuple[str, str]] = []
    for file in ARTICLES:
        block = False
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("```"):
                block = line.strip() == "```sh"
            elif block:
                found += [
                    (f"{file.relative_to(PROJECT)}:{number}", part.strip()) for part in line.split("#")[0].split("|")
                ]
    return found


def test_commands_exist() -> None:
    """A tool that is named lies in Tools; a command of the executable and its options are in its sources."""
    sources = "\n".join(
        file.read_text(encoding="utf-8") for file in (PROJECT / "Sources" / "CommandLine").rglob("*.swift")
    )
    names = set(re.findall(r'commandName: "([a-z-]+)"', sources))
    count = 0
    for place, command in commands():
        words = [word for word in command.split() if not re.match(r"[A-Z_]+=", word)]
        if not words:
            continue
        if words[0].startswith("Tools/"):
            assert (PROJECT / words[0]).exists(), f"{place}: {words[0]} does not exist"
            count += 1
        elif words[0].endswith("emotionformer"):
            assert words[1] in names, f"{place}: there is no command '{words[1]}'"
            for option in (word for word in words[2:] if word.startswith("--")):
                name = re.sub(r"-([a-z])", lambda match: match[1].upper(), option[2:])
                assert re.search(rf"\b{name}\b", sources), f"{place}: there is no option '{option}'"
            count += 1
    assert count >= 10
