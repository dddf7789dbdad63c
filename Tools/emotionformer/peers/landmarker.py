"""The landmarker beside its peers: networks beside LiteRT, a tracked frame and a video's emotion beside MediaPipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotionformer.errors import PeersError
from emotionformer.peers.coldstart import measured as measured_process
from emotionformer.peers.protocol import Contestant, interleaved
from emotionformer.peers.statistics import Summary, quantile
from emotionformer.places import ROOT, TOOLS

TASK = ROOT / "Weights" / "FaceLandmarker" / "face_landmarker.task"
VIDEO = ROOT / "Tests" / "Fixtures" / "cremad" / "1001_DFA_HAP_XX.flv"
NETWORKS = {
    "mesh": "face_landmarks_detector.tflite",
    "detector": "face_detector.tflite",
    "blendshapes": "face_blendshapes.tflite",
}
_PROGRAMS = TOOLS / "emotionformer" / "peers" / "programs"
_PATHS = {"PYTHONPATH": str(TOOLS), "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Landmarkers:
    """Who is measured."""

    executable: Path
    # Of the environment with LiteRT, and of that with MediaPipe and LiteRT.
    litert: Path
    mediapipe: Path
    # An emotion model on 478 × 3 landmarks.
    model: Path
    task: Path = TASK
    video: Path = VIDEO


def measured(who: Landmarkers, seconds: float, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything, each with its peer in turns."""
    say("landmarker: the three networks, 1 and 2 threads")
    networks = networks_beside_litert(who, seconds)
    say("landmarker: a tracked frame, a video's emotion, memory")
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        return {
            "networks": networks,
            "frame": tracked_frame(who, rounds, Path(folder)),
            "video": whole_video(who, rounds),
            "peakBytes": peak_memory(who, Path(folder)),
        }


def networks_beside_litert(who: Landmarkers, seconds: float) -> list[dict[str, Any]]:
    found = []
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        try:
            with zipfile.ZipFile(who.task) as bundle:
                for member in NETWORKS.values():
                    bundle.extract(member, folder)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise PeersError(f"{who.task}: no bundle of the landmarker ({error})") from error
        for name, member in NETWORKS.items():
            file = str(Path(folder) / member)
            with ExitStack() as stack:
                taking_part = []
                for threads in (1, 2):
                    ours = [str(who.executable), "benchmark", "--model", file, "--threads", str(threads)]
                    theirs = [str(who.litert), str(_PROGRAMS / "landmarker_network.py"), file, str(threads)]
                    taking_part.append(stack.enter_context(Contestant(f"{name}, ours", [*ours, "--interactive"])))
                    taking_part.append(stack.enter_context(Contestant(f"{name}, LiteRT", theirs, _PATHS)))
                samples = interleaved(taking_part, seconds)
            for at, taken in enumerate(samples):
                if isinstance(taken, PeersError):
                    raise taken
                engine = "LiteRT" if at % 2 else "EmotionFormer"
                row = {"network": name, "threads": 1 + at // 2, "engine": engine}
                found.append({**row, "milliseconds": Summary.of(taken).document()})
    return found


def processor_time(command: Sequence[str]) -> float:
    """Seconds of processor time of a process alone, without those it starts. Linux."""
    process = subprocess.Popen(list(command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    errors = process.stderr.read().strip().splitlines() or ["without a word"]
    # What has ended and is not collected yet still tells its times.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    fields = Path(f"/proc/{process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    if process.wait() != 0:
        raise PeersError(f"{Path(command[0]).name}: ended with code {process.returncode}: {errors[-1][:300]}")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def printed(command: Sequence[str]) -> Any:
    """The JSON that a program prints on its last line."""
    finished = subprocess.run(list(command), capture_output=True, text=True, check=False, timeout=300)
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["without a word"]
        raise PeersError(f"{Path(command[1]).name}: ended with code {finished.returncode}: {lines[-1][:300]}")
    return json.loads(finished.stdout.strip().splitlines()[-1])


def tracked_frame(who: Landmarkers, rounds: int, folder: Path) -> dict[str, Any]:
    """Processor time of a frame, threads included, without decoding.

    Ours is that of many videos less that of one, so that the program's start does not count; reading the frames from
    the pipe, and the detector at each video's begin, do. MediaPipe's frames are in memory.
    """
    copies = 11
    videos = [str(folder / f"{number}{who.video.suffix}") for number in range(copies)]
    for video in videos:
        shutil.copy(who.video, video)
    output = folder / "clips"

    def ours(count: int) -> float:
        shutil.rmtree(output, ignore_errors=True)
        return processor_time([str(who.executable), "landmarks", *videos[:count], "-o", str(output)])

    ours(1)
    frames = _frame_count(next(output.iterdir()))
    script = [str(who.mediapipe), str(_PROGRAMS / "mediapipe_frames.py"), str(who.task), str(who.video)]
    taken: list[tuple[float, float]] = []
    for _ in range(rounds):
        own = (ours(copies) - ours(1)) * 1000 / (frames * (copies - 1))
        taken.append((own, float(printed(script)["milliseconds"])))
    return {
        "EmotionFormer": Summary.of([own for own, _ in taken]).document(),
        "MediaPipe": Summary.of([other for _, other in taken]).document(),
    }


def _frame_count(file: Path) -> int:
    """From the header of a .npy file of frames × 478 × 3 numbers."""
    header = file.read_bytes()[:128].decode("latin-1")
    return int(header.partition("(")[2].partition(",")[0])


def whole_video(who: Landmarkers, rounds: int) -> dict[str, Any]:
    """Wall time of whole programs, from their start to the emotion."""
    ours = [str(who.executable), "predict", "--json", "--model", str(who.model), str(who.video)]
    script = str(_PROGRAMS / "video.py")
    theirs = [str(who.mediapipe), script, str(who.task), str(who.model), str(who.video)]
    taken: dict[str, list[float]] = {"EmotionFormer": [], "MediaPipe and LiteRT": []}
    for counts in range(rounds + 1):
        for name, command in zip(taken, (ours, theirs)):
            milliseconds, _ = measured_process(command)
            # The first run brings the files into memory.
            if counts:
                taken[name].append(milliseconds)
    return {name: Summary.of(times).document() for name, times in taken.items()}


def peak_memory(who: Landmarkers, folder: Path) -> int:
    """Resident bytes at most, of a program that finds the landmarks in pictures: no child process adds to it."""
    frames = folder / "frames"
    frames.mkdir()
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", f"file:{who.video}", "-frames:v", "8", str(frames / "%d.ppm")]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PeersError(f"ffmpeg does not read {who.video} ({type(error).__name__})") from error
    peaks = [measured_process([str(who.executable), "landmarks", str(frames), "-o", "-"])[1] for _ in range(3)]
    return int(quantile(peaks, 0.5))
