"""The arrows in Architecture.md are those of Package.swift and of the import lines, and run downwards."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ARTICLE = PROJECT / "Sources" / "EmotionFormer" / "EmotionFormer.docc" / "Architecture.md"
CONTRIBUTING = PROJECT / ".github" / "CONTRIBUTING.md"
# The folders of modules that an app or the program links; tests and probes are not drawn.
FOLDERS = ("Sources/", "Weights")
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)",
    re.MULTILINE,
)

Arrow = tuple[str, str]


def drawn(article: str) -> tuple[list[str], set[Arrow]]:
    """The modules of the drawing from top to bottom, and its arrows."""
    drawing = re.search(r"^```text\n(.*?)^```", article, re.MULTILINE | re.DOTALL)
    assert drawing, "the article has no drawing"
    modules: list[str] = []
    arrows: set[Arrow] = set()
    for line in drawing[1].splitlines():
        line = re.sub(r"^\w+ {2,}|^ +", "", line)
        source, _, targets = line.partition("▶")
        name = source.strip(" ─│")
        if name:
            modules.append(name)
            arrows |= {(name, target) for target in targets.split()}
    return modules, arrows


def packaged() -> tuple[dict[str, str], dict[str, Path], set[Arrow]]:
    """Of the targets in Package.swift: names in the drawing, folders, and dependencies on each other."""
    # A folder of its own: a build that runs at the same time holds the lock of the usual one.
    with tempfile.TemporaryDirectory() as scratch:
        command = ["swift", "package", "--scratch-path", scratch, "dump-package"]
        dump = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=600)
    targets = [target for target in json.loads(dump.stdout)["targets"] if target["path"].startswith(FOLDERS)]
    names = {
        target["name"]: Path(target["path"]).name
        if target["path"].startswith("Sources/")
        else target["name"].removeprefix("EmotionFormer")
        for target in targets
    }
    arrows: set[Arrow] = set()
    for target in targets:
        for dependency in target["dependencies"]:
            ((_, (name, *_)),) = dependency.items()
            if name in names:
                arrows.add((names[target["name"]], names[name]))
    return names, {names[target["name"]]: PROJECT / target["path"] for target in targets}, arrows


def sources(folder: Path, others: Iterable[Path]) -> Iterable[Path]:
    """The Swift files of a target; those behind links to shared folders too, those of other targets within it not."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and entry not in others:
            yield from sources(entry, others)
        elif entry.suffix == ".swift":
            yield entry


def imported(names: dict[str, str], folders: dict[str, Path]) -> set[Arrow]:
    return {
        (module, names[name])
        for module, folder in folders.items()
        for file in sources(folder, folders.values())
        for name in IMPORT.findall(file.read_text("utf-8"))
        if name in names
    }


def complaints(modules: list[str], drawn: set[Arrow], packaged: set[Arrow], imported: set[Arrow]) -> list[str]:
    found = [f"Package.swift has no arrow {a} → {b}, which is drawn" for a, b in sorted(drawn - packaged)]
    found += [f"{a} → {b} in Package.swift is not drawn" for a, b in sorted(packaged - drawn)]
    found += [f"no file of {a} imports {b}, which is drawn" for a, b in sorted(drawn - imported)]
    found += [f"{a} imports {b}, which is not drawn" for a, b in sorted(imported - drawn)]
    ends = {end for arrow in drawn | packaged | imported for end in arrow}
    found += [f"{module} has no line in the drawing" for module in sorted(ends - set(modules))]
    places = {module: place for place, module in enumerate(modules)}
    found += [
        f"the arrow {a} → {b} points upwards"
        for a, b in sorted(drawn)
        if places.get(a, -1) >= places.get(b, len(places))
    ]
    return found


@pytest.fixture(scope="module")
def package() -> tuple[dict[str, str], dict[str, Path], set[Arrow]]:
    return packaged()


def test_arrows(package: tuple[dict[str, str], dict[str, Path], set[Arrow]]) -> None:
    names, folders, arrows = package
    modules, picture = drawn(ARTICLE.read_text("utf-8"))
    assert sorted(modules) == sorted(folders), "the drawing has a line for every module, and no other"
    assert complaints(modules, picture, arrows, imported(names, folders)) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (" KernelsAVX2 KernelInterface", " KernelInterface", "Kernels → KernelsAVX2 in Package.swift is not drawn"),
        (" KernelsAVX2 KernelInterface", " KernelInterface", "Kernels imports KernelsAVX2, which is not drawn"),
        (
            "TFLiteImport ────▶ Graph",
            "TFLiteImport ────▶ Files Graph",
            "no file of TFLiteImport imports Files, which is drawn",
        ),
        (
            "TFLiteImport ────▶ Graph",
            "TFLiteImport ────▶ Files Graph",
            "Package.swift has no arrow TFLiteImport → Files, which is drawn",
        ),
        ("Files ───────────▶ ", "Files ───────────▶ Engine ", "the arrow Files → Engine points upwards"),
    ],
)
def test_a_wrong_drawing_is_noticed(
    package: tuple[dict[str, str], dict[str, Path], set[Arrow]], old: str, new: str, complaint: str
) -> None:
    names, folders, arrows = package
    article = ARTICLE.read_text("utf-8")
    assert old in article
    modules, picture = drawn(article.replace(old, new))
    assert complaint in complaints(modules, picture, arrows, imported(names, folders))


def test_an_arrow_that_only_one_side_has_is_noticed(
    package: tuple[dict[str, str], dict[str, Path], set[Arrow]],
) -> None:
    names, folders, arrows = package
    modules, picture = drawn(ARTICLE.read_text("utf-8"))
    imports = imported(names, folders)
    assert "no file of Graph imports Core, which is drawn" in complaints(
        modules, picture, arrows, imports - {("Graph", "Core")}
    )
    assert "Graph → Files in Package.swift is not drawn" in complaints(
        modules, picture, arrows | {("Graph", "Files")}, imports
    )
    assert "Graph imports Files, which is not drawn" in complaints(
        modules, picture, arrows, imports | {("Graph", "Files")}
    )


def test_every_folder_has_its_line() -> None:
    """One line of the table for each folder of Sources that holds files; links are files of another folder."""
    table = re.search(r"^\| Folder of `Sources`.*?\n\n", ARTICLE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert table
    rows = [line.split("|") for line in table[0].splitlines()[2:] if line]
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row[1])}
    # Folders that a line of their parent names.
    within = {f"{row[1].strip().strip('`')}/{name}" for row in rows for name in re.findall(r"`(\w+)`", row[2])}
    holding = {
        file.parent.relative_to(PROJECT / "Sources").as_posix()
        for file in (PROJECT / "Sources").rglob("*")
        if file.is_file() and not file.is_symlink() and not any(part.endswith(".docc") for part in file.parts)
    }
    holding = {folder for folder in holding if not (PROJECT / "Sources" / folder).is_symlink()}
    assert sorted(holding - named - within) == []
    assert sorted(name for name in named if not (PROJECT / "Sources" / name).is_dir()) == []


def lines_with(pattern: str, folders: Iterable[Path]) -> list[str]:
    """Where a pattern stands in the Swift files of folders: `System/CLibrary.swift`, a file once for each line."""
    return [
        file.relative_to(PROJECT / "Sources").as_posix()
        for folder in folders
        for file in sorted(folder.rglob("*.swift"))
        for line in file.read_text("utf-8").splitlines()
        if re.search(pattern, line)
    ]


def test_the_c_library_is_imported_in_one_place() -> None:
    found = lines_with(r"^ *(?:.* )?import (?:Darwin|Glibc|Musl|Android)$", [PROJECT / "Sources"])
    assert found == ["System/CLibrary.swift"] * 4


def test_the_library_knows_no_options() -> None:
    """Words of the command line stand in the executable; the library speaks of its parameters."""
    options = r"(?<![\w-])--[a-z]"
    folders = [folder for folder in sorted((PROJECT / "Sources").iterdir()) if folder.is_dir()]
    assert lines_with(options, [folder for folder in folders if folder.name != "CommandLine"]) == []
    # Negative control: the executable has them.
    assert lines_with(options, [PROJECT / "Sources" / "CommandLine"])


def paths_in(text: str) -> list[str]:
    """Names in backquotes that begin like a path of the project, up to a placeholder."""
    return re.findall(r"`((?:Sources|Tests|Tools|Weights|Benchmarks|\.github|\.ci)/[^`\s]+|Package\.swift)`", text)


def missing(text: str) -> list[str]:
    return [path for path in paths_in(text) if not any(PROJECT.glob(re.sub(r"[A-Z]{3,}(?=[./+]|$)", "*", path)))]


@pytest.mark.parametrize("file", [ARTICLE, CONTRIBUTING], ids=lambda file: file.name)
def test_named_files_exist(file: Path) -> None:
    assert missing(file.read_text("utf-8")) == []


def test_a_missing_file_is_noticed() -> None:
    assert missing("see `Sources/Graph/Model/Nowhere.swift`") == ["Sources/Graph/Model/Nowhere.swift"]
    assert len(paths_in(CONTRIBUTING.read_text("utf-8"))) > 20
