"""What a tool may replace, and that it is replaced whole."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from written import IS_ROOT, MANIFEST, is_page, package, refused, tree, write_package, write_page

import emotionformer.outputs.file
import emotionformer.outputs.folder
from emotionformer.errors import OutputError
from emotionformer.export.package import PACKAGE
from emotionformer.outputs import OutputFile, OutputFolder


def web_app(folder: Path) -> None:
    folder.mkdir()
    (folder / "manifest.json").write_text('{"name": "My web app", "icons": []}')
    (folder / "index.html").write_text("<!doctype html>")


def test_a_web_apps_folder_is_refused(place: Path) -> None:
    web_app(place / "app")
    refused(place, lambda: write_package(place / "app"), "a folder that is not a model package exists there")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', '{"format": "emotionformer-model-2"}', "[" * 100_000])
def test_a_manifest_that_is_no_packages_is_refused(place: Path, text: str) -> None:
    (place / "app").mkdir()
    (place / "app" / "manifest.json").write_text(text)
    refused(place, lambda: write_package(place / "app"), "not a model package")


@pytest.mark.parametrize("foreign", ["notes.txt", "sub/notes.txt", "sub/weights.bin", "empty/", "link"])
def test_a_package_with_something_foreign_is_refused(place: Path, foreign: str) -> None:
    folder = package(place / "model")
    if foreign == "link":
        (folder / "link").symlink_to("weights.bin")
    elif foreign.endswith("/"):
        (folder / foreign).mkdir()
    else:
        (folder / foreign).parent.mkdir(exist_ok=True)
        (folder / foreign).write_text("mine")
    refused(place, lambda: write_package(folder), f"contains '{foreign.rstrip('/')}', which does not belong to it")


def test_a_manifest_that_is_a_link_makes_no_package(place: Path) -> None:
    package(place / "model")
    (place / "other").mkdir()
    (place / "other" / "manifest.json").symlink_to(place / "model" / "manifest.json")
    refused(place, lambda: write_package(place / "other"), "not a model package")


def test_a_package_is_replaced_whole_with_its_rights(place: Path) -> None:
    folder = package(place / "model")
    folder.chmod(0o750)
    write_package(folder)
    assert (folder / "weights.bin").read_text() == "new"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert os.listdir(place) == ["model"]


@pytest.mark.parametrize("name", ["model", "model/", "model//", "a/b/model", "./model", "x" * 255])
def test_a_new_folder(place: Path, name: str) -> None:
    write_package(Path(name) if name[-1] != "/" else Path(name + "/"))
    assert (place / name / "weights.bin").read_text() == "new"
    assert not list(place.rglob(".*"))


def test_an_empty_folder_is_taken(place: Path) -> None:
    (place / "model").mkdir()
    write_package(place / "model")
    assert os.listdir(place) == ["model"]


def test_a_failure_leaves_no_folder_that_was_made_for_it(place: Path) -> None:
    target = place / "a" / "b" / "model"
    with pytest.raises(RuntimeError, match="^half way$"), OutputFolder(target, PACKAGE) as output:
        (output.path / "weights.bin").write_text("half")
        raise RuntimeError("half way")
    assert not list(place.iterdir())


def test_the_current_folder_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package(place / "model"))
    for name in (".", "./", "../model"):
        refused(place, partial(write_package, Path(name)), "the current folder cannot be replaced")
    (place / "empty").mkdir()
    monkeypatch.chdir(place / "empty")
    refused(place, lambda: write_package(Path(".")), "the current folder cannot be replaced")


def test_links_are_followed_and_stay(place: Path) -> None:
    package(place / "model")
    (place / "link").symlink_to("model")
    write_package(place / "link")
    assert (place / "model" / "weights.bin").read_text() == "new"
    (place / "elsewhere").mkdir()
    (place / "dangling").symlink_to("elsewhere/made")
    write_package(place / "dangling")
    assert (place / "elsewhere" / "made" / "weights.bin").read_text() == "new"
    (place / "page.html").symlink_to("elsewhere/page")
    write_page(place / "page.html", "page 1")
    write_page(place / "page.html", "page 2")
    assert (place / "elsewhere" / "page").read_text() == "page 2"
    assert all((place / name).is_symlink() for name in ("link", "dangling", "page.html"))
    assert not list(place.rglob(".*"))


def test_a_link_to_itself_is_refused(place: Path) -> None:
    (place / "loop").symlink_to("loop")
    refused(place, lambda: write_package(place / "loop"), "leads to itself")
    refused(place, lambda: write_page(place / "loop"), "leads to itself")


def test_a_file_in_the_way_is_refused(place: Path) -> None:
    (place / "file").write_text("mine")
    refused(place, lambda: write_package(place / "file"), "a file exists there, not a model package")
    refused(place, lambda: write_package(place / "file" / "model"), "file")
    refused(place, lambda: write_page(place / "file" / "page"), "file")


def test_a_file_is_replaced_only_if_it_is_known(place: Path) -> None:
    (place / "thesis").write_text("mine")
    refused(place, lambda: write_page(place / "thesis"), "a file that is not a page exists there")
    (place / "empty").touch()
    write_page(place / "empty")
    (place / "page").write_text("page old")
    (place / "page").chmod(0o640)
    write_page(place / "page")
    assert (place / "page").read_text() == (place / "empty").read_text() == "page new"
    assert stat.S_IMODE((place / "page").stat().st_mode) == 0o640
    (place / "folder").mkdir()
    refused(place, lambda: write_page(place / "folder"), "this is a folder")
    assert sorted(os.listdir(place)) == ["empty", "folder", "page", "thesis"]


def test_a_file_has_the_usual_rights(place: Path) -> None:
    before = os.umask(0o027)
    try:
        write_page(place / "page")
        write_package(place / "model")
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / "page").stat().st_mode) == 0o640
    assert stat.S_IMODE((place / "model").stat().st_mode) == 0o750


@pytest.fixture
def nodes(place: Path) -> Iterator[dict[str, Path]]:
    """A pipe, a socket and, for root, a device that keeps nothing, all of our own making."""
    found = {"a pipe": place / "pipe", "a socket": place / "socket"}
    os.mkfifo(found["a pipe"])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("socket")
    if IS_ROOT:
        found["a device"] = place / "device"
        os.mknod(found["a device"], 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    yield found
    listener.close()


def test_what_is_no_file_is_never_replaced(place: Path, nodes: dict[str, Path]) -> None:
    for kind, path in nodes.items():
        refused(place, partial(write_package, path), f"{kind} exists there")

        def video(path: Path = path) -> None:
            with OutputFile(path, "video", is_page):
                pass

        refused(place, video, f"{kind} exists there, which cannot become a video")
    refused(place, lambda: write_page(nodes["a pipe"]), "cannot be written to: No such device")
    refused(place, lambda: write_page(nodes["a socket"]), "cannot be written to: No such device")
    if IS_ROOT:
        before = tree(place)
        try:
            write_page(nodes["a device"])
        except OutputError as error:
            assert "Permission denied" in str(error), "a file system without devices"
        assert tree(place) == before


def test_a_pipe_is_written_to(place: Path, nodes: dict[str, Path]) -> None:
    got: list[bytes] = []
    is_open = threading.Event()

    def read() -> None:
        handle = os.open(nodes["a pipe"], os.O_RDONLY | os.O_NONBLOCK)
        is_open.set()
        os.set_blocking(handle, True)
        with os.fdopen(handle, "rb") as file:
            while not (text := file.read()):
                pass  # No writer yet.
            got.append(text)

    reader = threading.Thread(target=read)
    reader.start()
    assert is_open.wait(10)
    write_page(nodes["a pipe"], "page" * 100_000)
    reader.join(10)
    assert got == [b"page" * 100_000]
    assert stat.S_ISFIFO(nodes["a pipe"].stat().st_mode)


def test_without_an_exchange_in_one_step(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emotionformer.outputs.folder, "exchange", lambda first, second: False)
    write_package(package(place / "model"))
    assert (place / "model" / "weights.bin").read_text() == "new"
    assert os.listdir(place) == ["model"]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_rename_that_fails_leaves_the_old_package(place: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    monkeypatch.setattr(emotionformer.outputs.folder, "exchange", lambda first, second: False)
    rename, calls = os.rename, []

    def fails(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == failing + 1:  # The first puts a note in its place.
            raise OSError(5, "Input/output error")
        rename(source, target)

    package(place / "model")
    monkeypatch.setattr(os, "rename", fails)
    refused(place, lambda: write_package(place / "model"), "Input/output error")
    assert len(calls) == (2 if failing == 1 else 4)


@pytest.mark.parametrize("in_one_step", [True, False])
def test_what_comes_into_the_old_package_meanwhile_is_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    folder = package(place / "model")
    if not in_one_step:
        monkeypatch.setattr(emotionformer.outputs.folder, "exchange", lambda first, second: False)
    with pytest.raises(OutputError, match="changed while"), OutputFolder(folder, PACKAGE) as output:
        (output.path / "manifest.json").write_text(MANIFEST)
        (folder / "notes.txt").write_text("mine")
        output.keep()
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "weights.bin").read_text() == "old"
    assert os.listdir(place) == ["model"]


def test_what_comes_into_an_empty_place_meanwhile_is_kept(place: Path) -> None:
    with pytest.raises(OutputError, match="meanwhile"), OutputFolder(place / "model", PACKAGE) as output:
        (place / "model").mkdir()
        output.keep()
    with pytest.raises(OutputError, match="meanwhile"), OutputFile(place / "pipe", "page", is_page) as file:
        file.path.write_text("page")
        os.mkfifo(place / "pipe")
        file.keep()
    assert sorted(os.listdir(place)) == ["model", "pipe"]
    assert stat.S_ISFIFO((place / "pipe").stat().st_mode)


def test_a_trained_folder_is_replaced_only_if_it_is_one(place: Path) -> None:
    """The tool removed whatever folder stood there."""
    from emotionformer.training.publish import TRAINED

    def write() -> None:
        with OutputFolder(place / "trained", TRAINED) as output:
            (output.path / "assets").mkdir()
            metadata = {"name": "Trained", "trainedOn": "", "preparation": {}, "network": {}}
            (output.path / "assets" / "metadata.json").write_text(json.dumps(metadata))
            (output.path / "trained.h5").write_text("weights")
            output.keep()

    web_app(place / "trained")
    refused(place, write, "not a folder of Tools/train")
    for path in (place / "trained").iterdir():
        path.unlink()
    write()
    write()
    (place / "trained" / "thesis.h5").write_text("mine")
    refused(place, write, "contains 'thesis.h5'")


def test_parity_replaces_its_own_reports_alone(place: Path) -> None:
    from emotionformer.errors import OutputError
    from emotionformer.parity import command

    path = place / "report.json"
    command._write(path, '{\n "format": "emotionformer-parity"\n}\n')
    command._write(path, '{\n "format": "emotionformer-parity", "again": 1\n}\n')
    assert "again" in path.read_text()
    path.write_text('{"mine": 1}')
    with pytest.raises(OutputError, match="not replaced"):
        command._write(path, "{}")
    assert path.read_text() == '{"mine": 1}'
