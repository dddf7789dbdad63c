"""Whatever happens while a tool writes: what stood there is there still, or the new one is, and nothing else."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from written import IS_ROOT, package, tree, write_package, write_page

from emotionformer.places import TOOLS


def python(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TOOLS), str(TOOLS / "tests")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )  # type: ignore[call-overload]


# Whatever started the tests may ignore a signal (`nohup`, a job in the background), and a child inherits that.
WRITING = """
import signal, sys, time
from pathlib import Path
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
from emotionformer.outputs import OutputFolder, ending_tidily
from written import PACKAGE
with ending_tidily():
    output = OutputFolder(Path(sys.argv[1]), PACKAGE)  # Not in a with statement: the worst moment.
    (output.path / "weights.bin").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(place: Path, number: int) -> None:
    package(place / "model")
    before = tree(place)
    writer = python(WRITING, place / "model")
    assert writer.stdout is not None and writer.stdout.readline() == "writing\n"
    writer.send_signal(number)
    writer.communicate(timeout=30)
    assert writer.returncode != 0
    assert tree(place) == before


def test_what_a_killed_process_left_is_removed_by_the_next(place: Path) -> None:
    package(place / "model")
    (place / ".emotionformer-notes.partial").mkdir()
    writer = python(WRITING, place / "model")
    assert writer.stdout is not None and writer.stdout.readline() == "writing\n"
    # While it lives, nobody takes what it writes.
    write_package(place / "model", "meanwhile")
    assert len(os.listdir(place)) == 3
    writer.kill()
    writer.communicate(timeout=30)
    write_page(place / "page")
    assert sorted(os.listdir(place)) == [".emotionformer-notes.partial", "model", "page"]


def test_a_kill_between_two_renames_loses_nothing(place: Path) -> None:
    """The next writer puts the old package back; a foreign file that came into it is never removed."""
    hidden = place / ".emotionformer-0123456789abcdef.partial"
    hidden.mkdir()
    package(hidden / "old")
    package(hidden / "new", "new")
    (hidden / "replaced").write_bytes(b"model\0manifest.json\0weights.bin")
    write_page(place / "page")
    assert (place / "model" / "weights.bin").read_text() == "old"
    assert sorted(os.listdir(place)) == ["model", "page"]
    hidden.mkdir()
    package(hidden / "new", "old")
    (hidden / "new" / "notes.txt").write_text("mine")
    (hidden / "replaced").write_bytes(b"model\0manifest.json\0weights.bin")
    write_page(place / "page")
    assert sorted(os.listdir(hidden / "new")) == ["notes.txt"]


def test_what_is_locked_or_a_link_is_not_removed(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "mine").touch()
    (place / ".emotionformer-0123456789abcdef.partial").symlink_to(other)
    hidden = place / ".emotionformer-0123456789abcde0.partial"
    hidden.mkdir()
    handle = os.open(hidden, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    write_page(place / "page")
    os.close(handle)
    assert (other / "mine").exists() and hidden.exists()
    write_page(place / "page")
    assert (other / "mine").exists() and not hidden.exists()


FULL = """
import resource, sys
from pathlib import Path
from written import OutputError, write_package, write_page
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
for write, name in ((write_package, "model"), (write_page, "page")):
    try:
        write(Path(sys.argv[1]) / name, "page" * 10_000)
        print("written")
    except (OSError, OutputError):
        print("refused")
"""


def test_a_limit_of_file_sizes_leaves_the_old_ones(place: Path) -> None:
    package(place / "model")
    write_page(place / "page")
    before = tree(place)
    output, errors = python(FULL, place).communicate(timeout=60)
    assert output == "refused\nrefused\n", errors
    assert tree(place) == before


PRIVATE = """
import ctypes, os, sys
from pathlib import Path
from written import OutputError, package, tree, write_package, write_page
place = Path(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
def mount(kind, target, flags, options=b""):
    if libc.mount(b"none", os.fsencode(target), kind, flags, options):
        raise SystemExit("mount: " + os.strerror(ctypes.get_errno()))
def refused(write, words):
    before = tree(place)
    try: write()
    except OutputError as error: assert words in str(error), error
    except OSError as error: assert words in str(error), error
    else: raise SystemExit("written, where it could not be")
    assert tree(place) == before
if libc.unshare(0x00020000): raise SystemExit("unshare")
mount(None, "/", 1 << 14 | 1 << 18)
mount(b"tmpfs", place, 0, b"size=64k")
package(place / "model"); write_page(place / "page")
refused(lambda: write_package(place / "model", "x" * 100_000), "No space left")
refused(lambda: write_page(place / "page", "page" * 30_000), "No space left")
(place / "mounted").mkdir()
mount(b"tmpfs", place / "mounted", 0)
refused(lambda: write_package(place / "mounted"), "a file system is mounted there")
(place / "link").symlink_to(place / "mounted" / "model")
write_package(place / "link")
assert (place / "mounted" / "model" / "weights.bin").read_text() == "new"
mount(b"tmpfs", place, 32 | 1, b"")
refused(lambda: write_package(place / "model"), "Read-only file system")
refused(lambda: write_page(place / "page"), "may not be written")
refused(lambda: write_page(place / "page2"), "Read-only file system")
refused(lambda: write_package(place / "other"), "Read-only file system")
print("done")
"""


@pytest.mark.skipif(not IS_ROOT or not sys.platform.startswith("linux"), reason="mounting needs root and Linux")
def test_full_disks_read_only_disks_and_mount_points(place: Path) -> None:
    output, errors = python(PRIVATE, place).communicate(timeout=60)
    if "unshare" in errors or "mount: Operation not permitted" in errors:
        pytest.skip("this machine lets nobody mount")
    assert output == "done\n", errors


READ_ONLY = """
import os, sys
from pathlib import Path
from written import OutputError, write_package, write_page
if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)
writers = (write_package, "model"), (write_package, "other"), (write_page, "page"), (write_page, "write/locked")
for write, name in writers:
    try:
        write(Path(sys.argv[1]) / name)
        print("written")
    except OutputError as error:
        print(error)
"""


def test_a_folder_that_may_not_be_written() -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        package(place / "model")
        write_page(place / "page")
        (place / "write").mkdir()
        (place / "write").chmod(0o777)
        (place / "write" / "locked").write_text("page")
        (place / "write" / "locked").chmod(0o444)
        before = tree(place)
        place.chmod(0o555)
        try:
            output, errors = python(READ_ONLY, place).communicate(timeout=60)
        finally:
            place.chmod(0o755)
        lines = output.splitlines()
        assert len(lines) == 4, errors
        assert all("ermission denied" in line for line in lines[:2]), lines
        assert all("may not be written" in line or "ermission denied" in line for line in lines[2:]), lines
        assert tree(place) == before
