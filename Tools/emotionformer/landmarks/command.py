"""The command `Tools/landmarks`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from emotionformer.console.output import run as run_tool
from emotionformer.console.output import say
from emotionformer.console.progress import Progress
from emotionformer.errors import CameraLost, VideoError
from emotionformer.landmarks.arguments import CURRENT, parser
from emotionformer.landmarks.detectors import Detector, DetectorOptions, open_detector
from emotionformer.landmarks.faces import CHOICES
from emotionformer.landmarks.missing import MissingFaces
from emotionformer.landmarks.quiet import quieten
from emotionformer.landmarks.reading import Frame, Reading, frame_count, frames
from emotionformer.landmarks.sources import Camera, Source, check_names, source_at
from emotionformer.landmarks.timing import RisingMilliseconds
from emotionformer.landmarks.writing import JSONLines, NumPyWriter, Sink

# Whoever runs MediaPipe's tasks for others has to tell them, says its privacy notice.
_METRICS = "note: this mediapipe sends usage metrics, not pictures, to Google; --mediapipe 0.10.21 does not"


def run(arguments: argparse.Namespace) -> int:
    failures = 0
    sources: list[Source] = []
    for path in arguments.inputs:
        try:
            sources.append(source_at(Path(path)))
        except VideoError as error:
            failures += 1
            say("landmarks", error)
    if arguments.camera is not None:
        sources.append(Camera(arguments.camera))
    check_names(sources)
    for source in sources:
        try:
            _convert(source, arguments)
        except VideoError as error:
            failures += 1
            say("landmarks", error)
    return 1 if failures else 0


def _convert(source: Source, arguments: argparse.Namespace) -> None:
    """One source's landmarks, to where the arguments say."""
    folder = None if arguments.output in (None, "-") else Path(arguments.output)
    file = folder / f"{source.name}.npy" if folder else None
    if arguments.annotate is not None:
        _convert_and_annotate(source, arguments, file)
        return
    if not (file and arguments.resume and file.exists()):
        _find(source, arguments, file)


def _convert_and_annotate(source: Source, arguments: argparse.Namespace, file: Path | None) -> None:
    """The landmarks, and then the video once more."""
    from emotionformer.landmarks.annotation import annotate
    from emotionformer.landmarks.engine import Predicting, predictions_of
    from emotionformer.landmarks.predictions import read_predictions

    with tempfile.TemporaryDirectory(prefix="landmarks-") as scratch:
        clip = file or Path(scratch) / f"{source.name}.npy"
        if not (file and arguments.resume and file.exists()):
            _find(source, arguments, clip)
        if arguments.predictions is not None:
            note = arguments.predictions.name
            try:
                timeline = read_predictions(arguments.predictions.read_text("utf-8").splitlines(), note)
            except (OSError, UnicodeDecodeError) as error:
                raise VideoError(f"{arguments.predictions}: cannot be read") from error
        else:
            note = arguments.model.name if arguments.model else "bundled model: synthetic weights"
            how = Predicting(arguments.executable, arguments.model, arguments.hop, arguments.smoothing)
            timeline = predictions_of(clip, how)
        faces = np.load(clip, mmap_mode="r", allow_pickle=False)
        progress = Progress(sys.stderr, arguments.annotate.name, len(faces))
        try:
            annotate(frames(source, _reading(arguments)), faces, timeline, note, arguments.annotate, progress)
        finally:
            progress.clear()


def _reading(arguments: argparse.Namespace) -> Reading:
    return Reading(arguments.fps, arguments.seconds, arguments.as_stored)


def _find(source: Source, arguments: argparse.Namespace, file: Path | None) -> None:
    how = _reading(arguments)
    with ExitStack() as stack:
        writer = stack.enter_context(NumPyWriter(file)) if file else None
        sinks: list[Sink] = [writer] if writer else []
        if arguments.output == "-":
            sinks.append(JSONLines(source.name))
        landmarks = MissingFaces(arguments.missing, sinks)
        total = frame_count(source, how)
        detector = stack.enter_context(_detector(arguments))
        progress = Progress(sys.stderr, source.name, total, is_quiet=arguments.output == "-")
        stack.callback(progress.clear)
        lost: CameraLost | None = None
        try:
            _detect(source, frames(source, how), detector, arguments, landmarks, progress)
        except CameraLost as error:
            lost = error
        except KeyboardInterrupt:
            if not isinstance(source, Camera):
                raise
        if not landmarks.faces and landmarks.frames:
            raise lost or VideoError(f"{source.path}: no face is in any of its {landmarks.frames} frames")
        if writer and landmarks.frames:
            writer.keep()
        if lost:
            raise lost


def _detector(arguments: argparse.Namespace) -> Detector:
    count = 1 if arguments.faces == "first" else arguments.at_most
    return open_detector(arguments.task, DetectorOptions(count, arguments.confidence, arguments.still))


def _detect(
    source: Source,
    pictures: Iterator[Frame],
    detector: Detector,
    arguments: argparse.Namespace,
    landmarks: MissingFaces,
    progress: Progress,
) -> None:
    choice = CHOICES[arguments.faces]()
    clock = RisingMilliseconds()
    for index, frame in enumerate(pictures):
        height, width = frame.picture.shape[:2]
        try:
            faces = detector.faces(frame.picture, clock.next(frame.time))
        except (RuntimeError, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise VideoError(f"{source.path}: frame {index}: the detector fails ({reason})") from error
        chosen = choice.choose(faces, width, height)
        landmarks.add(index, frame.time, None if chosen is None else faces[chosen])
        progress.update(index + 1)


def main(given: Sequence[str] | None = None) -> int:
    return run_tool("landmarks", lambda: _main(parser().parsed(given)))


def _main(arguments: argparse.Namespace) -> int:
    if not arguments.verbose:
        quieten()
    if arguments.mediapipe == CURRENT:
        say("landmarks", _METRICS)
    return run(arguments)
