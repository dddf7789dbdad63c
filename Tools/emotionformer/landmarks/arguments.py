"""The command line of `Tools/landmarks`."""

from __future__ import annotations

import argparse
import math
import os
import sys
from fractions import Fraction
from pathlib import Path

from emotionformer.arguments import Parser, whole
from emotionformer.environments import Environment
from emotionformer.errors import VideoError

_DESCRIPTION = """\
Finds the 478 face landmarks of every frame of videos, pictures or a camera.

Output (-o DIR): DIR/NAME.npy for each video NAME.mp4, float32, frames × 478 × 3: x and y as fractions of the
displayed picture, z on the scale of x. Files are written atomically. Or (-) JSON lines, one object per frame, as soon
as it is processed: {"clip": …, "frame": …, "time": seconds, "landmarks": [[x, y, z], …] or null}.

Detectors:
  --task FILE      MediaPipe's Face Landmarker with that model bundle (face_landmarker.task), in the current mediapipe
                   or with --mediapipe 0.10.21 in that one
  without --task   the Face Mesh of mediapipe 0.10.21 (Python 3.9 to 3.12)
Both track the face from frame to frame; --still treats every frame separately. All work is done on this machine.
The current mediapipe's tasks send usage metrics, not pictures, to Google, says its privacy notice, and it has no switch
for that; 0.10.21 opens no connection.

Choices:
  frames without a face    --missing
  several faces            --faces
  rotated or mirrored      The picture is turned as the video's display matrix or a photo's EXIF says, as players show
                           it; --as-stored leaves it.
  variable frame rate      Every frame, with the container's times; --fps N takes the nearest frame at each
                           1/N of a second. Where the container only rounds the times of a constant rate, the exact
                           times are used. The detector is given whole milliseconds that rise strictly.
  folders                  A folder of pictures is one clip, its files in natural order (2 before 10), 30 frames a
                           second or --fps; a picture is a clip of one frame.
  a camera                 Pictures as they arrive, timed when they are read, until Ctrl-C or --seconds; the clip is
                           named camera-N. If it gives none for two seconds (unplugged), the frames so far are kept,
                           with one line and exit code 1. This was tested with a video in place of a camera only.
  a bad video among many   One line on standard error, the others continue, exit code 1.
  progress                 With -o and --annotate a bar on standard error, if that is a terminal (a count for a camera).
                           Not with -: the program that reads the lines may draw on the same terminal.
"""

_EXAMPLES = """\
examples:
  Tools/landmarks interview.mp4 -o clips
  Tools/landmarks --task face_landmarker.task videos/*.flv -o clips --resume
  Tools/landmarks --camera 0 - | emotionformer stream -
  Tools/landmarks interview.mp4 --annotate interview-emotions.mp4

exit codes: 0 all is written, 1 a video failed, 2 the command line is wrong
"""

CURRENT = "current"
LEGACY = "0.10.21"


def parser() -> Parser:
    result = Parser("landmarks", _DESCRIPTION, _EXAMPLES, _check, usage="Tools/landmarks VIDEO… -o DIR | - [options]")
    result.add_argument(
        "inputs", nargs="*", metavar="VIDEO", help="video files, pictures, folders of pictures; - writes JSON lines"
    )
    result.add_argument("-o", "--output", metavar="DIR", help="folder of the .npy files; - for JSON lines")
    result.add_argument("--camera", type=whole(0, 99), metavar="N", help="a camera by its number, until Ctrl-C")
    result.add_argument("--task", type=Path, metavar="FILE", help="the model bundle of the Face Landmarker")
    result.add_argument(
        "--mediapipe", choices=[CURRENT, LEGACY], help="the version (default: current with --task, else 0.10.21)"
    )
    result.add_argument("--still", action="store_true", help="every frame by itself: no tracking, no smoothing")
    result.add_argument(
        "--confidence", type=_share, default=0.5, metavar="P", help="least confidence in a face (default: 0.5)"
    )
    result.add_argument(
        "--missing",
        choices=["nan", "drop", "repeat"],
        default="nan",
        help="a frame without a face is NaN (null in JSON), left out, or the last face again (default: nan)",
    )
    result.add_argument(
        "--faces",
        choices=["first", "largest", "central", "tracked"],
        default="first",
        help="of several faces: the first that the detector finds, followed and smoothed until it is lost; in each "
        "frame the largest, or the most central; or the largest of the first frame, followed (default: first; the "
        "others switch MediaPipe's smoothing off)",
    )
    result.add_argument(
        "--at-most", type=whole(2, 32), default=4, metavar="N", help="faces that --faces chooses from (default: 4)"
    )
    result.add_argument("--fps", type=_rate, metavar="N", help="resample to N frames a second (30000/1001 is a rate)")
    result.add_argument("--seconds", type=_rate, metavar="N", help="stop after so much of each input")
    result.add_argument(
        "--as-stored", action="store_true", help="leave rotated and mirrored pictures as they are stored"
    )
    result.add_argument("--resume", action="store_true", help="leave out videos whose .npy is there already")
    result.add_argument("--verbose", action="store_true", help="show what the libraries log")
    drawing = result.add_argument_group("a copy of the video with mesh, label and probabilities (one video, no sound)")
    drawing.add_argument("--annotate", type=Path, metavar="OUT.mp4", help="where it is written")
    drawing.add_argument("--model", type=Path, metavar="PATH", help="of the predictions (default: the bundled one)")
    drawing.add_argument(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="JSON lines with frame, label, probabilities, in place of a model",
    )
    drawing.add_argument(
        "--hop", type=whole(1, 100_000), default=5, metavar="N", help="predict every N frames (default: 5)"
    )
    drawing.add_argument(
        "--smoothing",
        type=_share,
        default=0.6,
        metavar="P",
        help="the past's share in the probabilities (default: 0.6)",
    )
    drawing.add_argument("--executable", type=Path, help="the emotionformer executable (default: what was built last)")
    return result


def _check(arguments: argparse.Namespace) -> None:
    if "-" in arguments.inputs:
        if arguments.output is not None:
            raise VideoError("- and -o exclude each other")
        arguments.inputs = [path for path in arguments.inputs if path != "-"]
        arguments.output = "-"
    if arguments.camera is None and not arguments.inputs:
        raise VideoError("no video is given")
    if arguments.camera is not None and arguments.inputs:
        raise VideoError("--camera and videos exclude each other")
    if arguments.output is None and arguments.annotate is None:
        raise VideoError("it is not said where to: -o DIR, or - for JSON lines")
    if arguments.resume and arguments.output in (None, "-"):
        raise VideoError("--resume needs -o DIR")
    if arguments.mediapipe is None:
        arguments.mediapipe = CURRENT if arguments.task else LEGACY
    if arguments.mediapipe == CURRENT and arguments.task is None:
        raise VideoError("the current mediapipe has no model of its own: --task face_landmarker.task is needed")
    if arguments.task is not None and not arguments.task.is_file():
        raise VideoError(f"{arguments.task}: there is no such file (--task)")
    _check_annotation(arguments)


def _check_annotation(arguments: argparse.Namespace) -> None:
    if arguments.annotate is None:
        for option in ("model", "predictions", "executable"):
            if getattr(arguments, option) is not None:
                raise VideoError(f"--{option} needs --annotate")
        return
    if arguments.camera is not None or len(arguments.inputs) != 1:
        raise VideoError("--annotate takes one video (a camera cannot be played twice)")
    if arguments.predictions is not None and arguments.model is not None:
        raise VideoError("--predictions and --model exclude each other")
    if arguments.missing == "drop":
        raise VideoError("--annotate shows every frame: it does not go with --missing drop")
    if arguments.predictions is not None and not arguments.predictions.is_file():
        raise VideoError(f"{arguments.predictions}: there is no such file (--predictions)")
    if arguments.annotate.exists() and any(
        os.path.exists(path) and os.path.samefile(path, arguments.annotate) for path in arguments.inputs
    ):
        raise VideoError(f"{arguments.annotate}: this is the video itself")


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a number from 0 to 1 is expected (found {text})")
    return value


def _rate(text: str) -> Fraction:
    try:
        value = Fraction(text) if len(text) <= 20 and "e" not in text.lower() else Fraction(0)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not 0 < value <= 100_000:
        raise argparse.ArgumentTypeError(f"a positive number is expected (found {text})")
    return value


def environment(arguments: argparse.Namespace) -> Environment:
    # OpenCV and mediapipe are linked against these, with a display or without one.
    libraries = {"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2"}
    if arguments.mediapipe == CURRENT:
        return Environment("landmarker", libraries)
    if not (3, 9) <= sys.version_info[:2] <= (3, 12):
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        parser().error(
            f"mediapipe {LEGACY} needs Python 3.9 to 3.12 (found {found}): set PYTHON3 to such a one, or "
            "give --task face_landmarker.task"
        )
    return Environment("face-mesh", libraries)
