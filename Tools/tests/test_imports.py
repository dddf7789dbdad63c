"""The package's modules import each other in one direction, and command lines the standard library alone."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from emotionformer.launch import FOLDERS
from emotionformer.places import TOOLS

FILES = {
    ".".join(path.relative_to(TOOLS).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (TOOLS / "emotionformer").rglob("*.py")
}


def imported(text: str) -> Iterator[str]:
    """Every module that a source text imports, inside functions too."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "an import is relative"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [name for name in names if name in FILES]
            yield from modules
            if len(modules) < len(names):
                yield node.module


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_modules_import_each_other() -> None:
    imports = {name: set(imported(path.read_text("utf-8"))) & set(FILES) for name, path in FILES.items()}
    assert sum(len(names) for names in imports.values()) > 300
    assert circle(imports) == []
    # A lazy import closes a circle as well.
    assert set(imported("def late():\n    from emotionformer.export import model\n")) == {"emotionformer.export.model"}
    assert circle({**imports, "emotionformer.export.graph": {"emotionformer.export.model"}})


@pytest.mark.parametrize("folder", sorted(set(FOLDERS.values())))
def test_command_lines_need_the_standard_library_alone(folder: str) -> None:
    waiting, seen = [f"emotionformer.{folder}.arguments", "emotionformer.launch"], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in FILES:
            waiting += imported(FILES[name].read_text("utf-8"))
            waiting.append(name.rpartition(".")[0])
        else:
            assert not name or name.partition(".")[0] in sys.stdlib_module_names, name
