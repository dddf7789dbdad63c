"""Tools/landmarks with the detectors themselves, on a real clip and on videos made of it; the Swift program beside it.

Differences are in pixels of the 480 × 360 video. Run by Tools/test-landmarks, whose argument is a folder with the six
videos of CREMA-D whose landmarks are committed.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import ExifTags, Image

from emotionformer.places import FIXTURES, ROOT

Array = np.ndarray[Any, np.dtype[Any]]

CLIP = FIXTURES / "cremad" / "1001_DFA_HAP_XX.flv"
TASK = ROOT / "Weights" / "FaceLandmarker" / "face_landmarker.task"
EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
GOLDEN = np.load(FIXTURES / "cremad" / "1001_DFA_HAP.facelandmarker.npy")
LANDMARKER = ("--task", TASK, "--mediapipe", "0.10.21")
ONE = 1 << 16

checks: list[tuple[str, bool, str]] = []


def check(name: str, passed: bool, found: str) -> None:
    checks.append((name, passed, found))
    print(f"{'passed' if passed else 'FAILED'}  {name}: {found}", flush=True)


def without_network() -> list[str]:
    """What runs a command without a network, where this system has such a thing."""
    for prefix in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
        ):
            return prefix
    return []


def landmarks(
    *arguments: str | Path, code: int | None = 0, prefix: list[str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [*(prefix or []), str(ROOT / "Tools" / "landmarks"), *(str(argument) for argument in arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if code is not None and result.returncode != code:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}, expected {code}\n{result.stderr}")
    return result


def found(folder: Path, source: Path, *arguments: str | Path, prefix: list[str] | None = None) -> Array:
    landmarks(source, "-o", folder, *arguments, prefix=prefix)
    return np.asarray(np.load(folder / f"{source.stem}.npy", allow_pickle=False))


def by_swift(executable: Path, folder: Path, source: Path, *arguments: str | Path) -> Array:
    """What the Swift program finds."""
    command = [str(executable), "landmarks", str(source), "-o", str(folder), *(str(argument) for argument in arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0 or result.stderr:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr}")
    return np.asarray(np.load(folder / f"{source.stem}.npy", allow_pickle=False))


def beside(name: str, swift: Array, python: Array, mean: float = 0.01, most: float = 0.1) -> None:
    """The same frames with a face, and landmarks as near as two versions of MediaPipe are."""
    same = swift.shape == python.shape and bool((np.isnan(swift) == np.isnan(python)).all())
    if not same:
        check(f"Swift: {name}", False, f"shapes {swift.shape} and {python.shape}, or other frames with a face")
        return
    distances = pixels(swift, python)
    found = f"mean {np.nanmean(distances):.4f}, max {np.nanmax(distances):.3f}"
    check(f"Swift: {name}", bool(np.nanmean(distances) < mean and np.nanmax(distances) < most), found)


def fails(executable: Path, folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """The Swift program where it may fail, with the source's name as it is."""
    command = [str(executable), "landmarks", "-o", str(folder), "--", source]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder.parent)


def six(executable: Path, folder: Path, videos: Path) -> None:
    """The Swift program beside the committed landmarks of mediapipe 0.10.21."""
    distances, depths, blinks = [], [], 0
    for emotion in EMOTIONS:
        golden = np.load(FIXTURES / "cremad" / f"1001_DFA_{emotion}.facelandmarker.npy")
        swift = by_swift(executable, folder, videos / f"1001_DFA_{emotion}_XX.flv")
        blinks += swift.shape != golden.shape or bool(np.isnan(swift).any())
        if swift.shape == golden.shape:
            distances.append(pixels(swift, golden).ravel())
            depths.append(np.abs(swift - golden)[..., 2].ravel() * 480)
    flat, depth = np.concatenate(distances), np.concatenate(depths)
    check("Swift: six videos, frames with a face", blinks == 0, f"{len(flat) // 478} frames")
    found = f"mean {flat.mean():.4f}, max {flat.max():.3f}; z mean {depth.mean():.4f}, max {depth.max():.3f}"
    good = flat.mean() < 0.01 and flat.max() < 0.1 and depth.mean() < 0.01 and depth.max() < 0.1
    check("Swift: six videos", bool(good), found)


def peak(*command: str | Path) -> float:
    """The most memory that a command has resident, in MiB."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True, check=False);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    run = [sys.executable, "-c", script, *(str(part) for part in command)]
    return int(subprocess.run(run, capture_output=True, text=True, check=True).stdout) / 1024


def pixels(one: Array, other: Array) -> Array:
    """Distances frame by frame and landmark by landmark."""
    return np.asarray(np.linalg.norm((one - other)[..., :2] * (480, 360), axis=-1))


def encode(path: Path, pictures: list[Array], turn: tuple[int, int, int, int] = (1, 0, 0, 1)) -> Path:
    """A video at the clip's rate, with a display matrix."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=Fraction(30000, 1001))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "12", "preset": "veryfast"}
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode(None))
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 44
    a, b, c, d = turn
    content[start : start + 36] = struct.pack(">9i", a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def run(folder: Path, executable: Path) -> None:
    with av.open(str(CLIP)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    same = found(folder / "same", CLIP, *LANDMARKER)
    distances = pixels(same, GOLDEN)
    equal = "equal to the bit" if np.array_equal(same, GOLDEN) else f"mean {distances.mean():.4f}"
    # Another processor's vector instructions may round in another way.
    check("Face Landmarker 0.10.21", same.shape == GOLDEN.shape and distances.mean() < 0.01, equal)

    swift = by_swift(executable, folder / "swift", CLIP)
    beside("a video", swift, same)
    # What shows that the line above can fail: without smoothing it is another clip.
    still = by_swift(executable, folder / "swift-still", CLIP, "--still")
    check(
        "Swift: unlike a clip that is not smoothed",
        pixels(still, same).mean() > 0.1,
        f"{pixels(still, same).mean():.3f}",
    )

    # This version reports its use to its makers; the tests do not.
    current = found(folder / "current", CLIP, "--task", TASK, prefix=without_network())
    distances = pixels(current, GOLDEN)
    check("Face Landmarker, current", distances.mean() < 0.1, f"mean {distances.mean():.4f}, max {distances.max():.3f}")

    mesh = found(folder / "mesh", CLIP)
    distances = pixels(mesh, GOLDEN)
    # Also the proof that the two checks above can fail.
    check("Face Mesh 0.10.21", 0.2 < distances.mean() < 2, f"mean {distances.mean():.4f}, max {distances.max():.3f}")

    quarter = encode(folder / "quarter.mp4", [np.rot90(picture) for picture in pictures[:20]], (0, 1, -1, 0))
    turned = found(folder, quarter, *LANDMARKER)
    beside("a video on its side", by_swift(executable, folder / "swift", quarter), turned)
    distances = pixels(turned, GOLDEN[:20])
    check("a video on its side", distances.mean() < 0.5, f"mean {distances.mean():.4f}")
    for name, turns, turn in (("a video upside down", 2, (-1, 0, 0, -1)), ("the other side", 3, (0, -1, 1, 0))):
        other = encode(folder / f"turn{turns}.mp4", [np.rot90(picture, turns) for picture in pictures[:12]], turn)
        array = found(folder, other, *LANDMARKER)
        beside(name, by_swift(executable, folder / "swift", other), array)
        check(name, pixels(array, GOLDEN[:12]).mean() < 0.5, f"mean {pixels(array, GOLDEN[:12]).mean():.4f}")
    # Left on its side, the face is not found, or found on its side: turning it is what made the check above pass.
    result = landmarks(quarter, "-", *LANDMARKER, "--as-stored", code=None)
    lines = [json.loads(line)["landmarks"] for line in result.stdout.splitlines()]
    faces = np.array([face for face in lines if face is not None], np.float32).reshape(-1, 478, 3)
    distances = pixels(faces, GOLDEN[:1])
    upright = bool(len(faces)) and distances.mean() < 20
    check("the same as stored", len(lines) == 20 and not upright, f"{len(faces)} faces, none of them upright")

    # Eleven and more files: natural order is not the alphabet's.
    (folder / "pictures").mkdir()
    for index, picture in enumerate(pictures[:12], 1):
        Image.fromarray(picture).save(folder / "pictures" / f"frame{index}.png")
    array = found(folder, folder / "pictures", *LANDMARKER, "--fps", "30000/1001")
    swift = by_swift(executable, folder / "swift", folder / "pictures", "--fps", "30000/1001")
    beside("a folder of pictures", swift, array)
    check("a folder of pictures", np.array_equal(array, same[:12]), f"{len(array)} frames, as the video's own")

    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.fromarray(np.rot90(pictures[0])).save(folder / "photo.jpg", exif=exif, quality=95)
    distances = pixels(found(folder, folder / "photo.jpg", *LANDMARKER), GOLDEN[:1])
    check("a photo on its side", distances.mean() < 1, f"mean {distances.mean():.4f}")

    gap = [picture if not 8 <= index < 14 else picture * 0 for index, picture in enumerate(pictures[:24])]
    array = found(folder, encode(folder / "gap.mp4", gap), *LANDMARKER)
    beside("frames without a face", by_swift(executable, folder / "swift", folder / "gap.mp4"), array)
    absent = [index for index, frame in enumerate(array) if np.isnan(frame).all()]
    check("frames without a face", absent == list(range(8, 14)), f"{absent}")

    empty = encode(folder / "empty.mp4", [picture * 0 for picture in pictures[:3]])
    result = landmarks(empty, "-o", folder / "none", *LANDMARKER, code=1)
    said = result.stderr.splitlines()
    check("no face at all", len(said) == 1 and "no face" in said[0] and not any((folder / "none").glob("*")), said[0])

    two = [np.concatenate([picture[::2, ::2].repeat(2, 0)[:, :240], picture], axis=1) for picture in pictures[:12]]
    chosen = found(folder, encode(folder / "two.mp4", two), *LANDMARKER, "--faces", "largest")
    swift = by_swift(executable, folder / "swift", folder / "two.mp4", "--faces", "largest")
    beside("the larger of two faces", swift, chosen)
    check("the larger of two faces", bool((chosen[:, :, 0].mean(axis=1) > 0.5).all()), f"{chosen[:, :, 0].mean():.2f}")

    # Times that are no steady rate, and a rate that is asked for.
    uneven = folder / "uneven.mkv"
    with av.open(str(uneven), "w") as container:
        stream: Any = container.add_stream("libx264", rate=30)
        stream.height, stream.width, stream.pix_fmt = 360, 480, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, picture in enumerate(pictures[:16]):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index * 40 + index % 3 * 15, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    beside("a variable rate", by_swift(executable, folder / "swift", uneven), found(folder, uneven, *LANDMARKER))
    swift = by_swift(executable, folder / "swift12", CLIP, "--fps", "12.5")
    beside("resampled", swift, found(folder / "12", CLIP, *LANDMARKER, "--fps", "12.5"))

    # A file that ends in the middle: ffmpeg may call that a success.
    cut = folder / "cut.flv"
    cut.write_bytes(CLIP.read_bytes()[: CLIP.stat().st_size * 6 // 10])
    result = fails(executable, folder / "swift", str(cut))
    made = [path for path in (folder / "swift" / "cut.npy", folder / "swift" / "cut.npy.partial") if path.exists()]
    array = np.load(made[0].open("rb")) if made else np.empty((0, 478, 3), np.float32)
    whole = len(made) == 1 and 10 < len(array) < len(GOLDEN)
    near = whole and pixels(array[:-1], GOLDEN[: len(array) - 1]).mean() < 0.01
    said = result.stderr.splitlines()
    check("Swift: a video cut in the middle", bool(near), f"{len(array)} frames; {said[0] if said else 'nothing said'}")

    # Two sizes in one stream: ffmpeg scales the second to the first, which moves landmarks by a fraction of a pixel.
    changing = folder / "changing.ts"
    parts = []
    for index, size in enumerate(("480x360", "320x240")):
        part = folder / f"part{index}.ts"
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(CLIP), "-frames:v", "8", "-s", size, "-an"]
        command += ["-output_ts_offset", str(index * 2), "-c:v", "mpeg2video", "-q:v", "2", str(part)]
        subprocess.run(command, check=True)
        parts.append(part.read_bytes())
    changing.write_bytes(b"".join(parts))
    swift = by_swift(executable, folder / "swift", changing)
    beside("a size that changes", swift, found(folder, changing, *LANDMARKER), mean=0.5, most=3)

    named = folder / "-größe 脸: 1.flv"
    shutil.copyfile(CLIP, named)
    result = fails(executable, folder / "swift", named.name)
    path = folder / "swift" / f"{named.stem}.npy"
    same_clip = path.exists() and np.array_equal(np.load(path), by_swift(executable, folder / "swift", CLIP))
    check("Swift: a name with a dash, a colon and other letters", same_clip, result.stderr.strip() or "the same clip")

    used = peak(executable, "landmarks", CLIP, "-") - peak(executable, "landmarks", folder / "none.flv", "-")
    check("Swift: memory", 0 < used <= 40, f"{used:.1f} MiB more than the program without a video")

    printed = landmarks(CLIP, "-", *LANDMARKER).stdout
    frames = [json.loads(line) for line in printed.splitlines()]
    streamed = np.array([frame["landmarks"] for frame in frames], np.float32)
    check("JSON lines", np.array_equal(streamed, same), f"{len(frames)} lines")
    command = [str(executable), "stream", "--json", "--minimum-frames", "15", "-"]
    piped = subprocess.run(command, input=printed, capture_output=True, text=True, check=False)
    predictions = [json.loads(line) for line in piped.stdout.splitlines()]
    last = predictions[-1]["frames"][-1] if predictions else None
    check(
        "into emotionformer stream", last == len(frames) - 1, piped.stderr.strip() or f"{len(predictions)} predictions"
    )

    output = folder / "annotated.mp4"
    landmarks(CLIP, "--annotate", output, *LANDMARKER, "--executable", executable)
    with av.open(str(output)) as container:
        codec = container.streams.video[0].codec.name
        drawn = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    difference = np.abs(drawn[-1][::2, :960:2].astype(int) - pictures[-1]).max(axis=2)
    changed = int((difference > 40).sum())
    check("annotated copy", codec == "h264" and len(drawn) == len(pictures) and drawn[0].shape == (720, 1320, 3)
          and changed > 500, f"{codec}, {len(drawn)} frames, {changed} pixels drawn over")  # fmt: skip


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="landmarks-") as folder:
        if len(sys.argv) > 2:
            six(Path(sys.argv[1]), Path(folder) / "six", Path(sys.argv[2]))
        run(Path(folder), Path(sys.argv[1]))
    failed = sum(not passed for _, passed, _ in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
