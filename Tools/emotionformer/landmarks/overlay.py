"""Draws mesh, label and bars."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emotionformer.landmarks.panel import Arrangement, Box, bar_width
from emotionformer.landmarks.predictions import Shown

Array = np.ndarray[Any, np.dtype[Any]]

_BACKGROUND = (24, 26, 31)
_TEXT = (236, 238, 241)
_QUIET = (152, 158, 168)
_TROUGH = (46, 50, 58)
_BAR = (92, 110, 138)
_STRONGEST = (64, 190, 170)
_MESH = (225, 230, 235)
_CONTOUR = (90, 235, 210)
# Sub-pixel positions for OpenCV's lines, in bits.
_SHIFT = 4


class Overlay:
    """Draws into pictures of one size; the panel is drawn again only when the prediction changes."""

    def __init__(self, plan: Arrangement, labels: tuple[str, ...], note: str) -> None:
        self._plan = plan
        self._labels = labels
        self._note = note
        self._mesh, self._contours = _connections()
        self._fonts: dict[int, Any] = {}
        self._panel: tuple[Shown | None, Array] | None = None

    def drawn(self, picture: Array, face: Array | None, shown: Shown | None) -> Array:
        """The whole picture (rows × columns × 3)."""
        plan = self._plan
        size = (plan.picture.width, plan.picture.height)
        scaled = picture if picture.shape[1::-1] == size else cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        result = np.empty((plan.height, plan.width, 3), np.uint8)
        self._place(result, plan.picture, scaled if face is None else self._with_mesh(scaled, face))
        if self._panel is None or self._panel[0] != shown:
            self._panel = (shown, self._panel_picture(shown))
        self._place(result, plan.panel, self._panel[1])
        return result

    @staticmethod
    def _place(result: Array, box: Box, picture: Array) -> None:
        result[box.y : box.y + box.height, box.x : box.x + box.width] = picture

    def _with_mesh(self, picture: Array, face: Array) -> Array:
        height, width = picture.shape[:2]
        # A landmark far outside is not a place that OpenCV can draw to.
        points = np.clip(face[:, :2] * (width, height), -4 * width, 4 * width) * (1 << _SHIFT)
        points = np.round(points).astype(np.int32)
        thickness = max(1, round(self._plan.unit / 20))
        mesh = picture.copy()
        cv2.polylines(mesh, list(points[self._mesh]), False, _MESH, thickness, cv2.LINE_AA, _SHIFT)
        result = cv2.addWeighted(picture, 0.6, mesh, 0.4, 0)
        cv2.polylines(result, list(points[self._contours]), False, _CONTOUR, thickness, cv2.LINE_AA, _SHIFT)
        return np.asarray(result)

    def _panel_picture(self, shown: Shown | None) -> Array:
        box, unit = self._plan.panel, self._plan.unit
        image = Image.new("RGB", (box.width, box.height), _BACKGROUND)
        draw = ImageDraw.Draw(image)
        margin = unit * 1.2
        self._text(draw, margin, unit * 1.2, shown.label if shown else "…", 2.2, _TEXT, box.width - 2 * margin)
        y = unit * 4.8
        full = round(box.width - 2 * margin)
        probabilities = dict(shown.probabilities) if shown else {}
        for label in self._labels:
            value = probabilities.get(label)
            strongest = shown is not None and label == shown.label
            self._text(draw, margin, y, label, 1, _TEXT if strongest else _QUIET, full - unit * 3)
            if value is not None:
                text = f"{100 * value:.0f} %"
                end = box.width - margin - draw.textlength(text, font=self._font(1))
                draw.text((end, y), text, fill=_TEXT if strongest else _QUIET, font=self._font(1))
            top = y + unit * 1.3
            draw.rectangle((margin, top, margin + full, top + unit * 0.4), fill=_TROUGH)
            width = bar_width(value or 0, full)
            if width:
                color = _STRONGEST if strongest else _BAR
                draw.rectangle((margin, top, margin + width, top + unit * 0.4), fill=color)
            y += unit * 2.2
        self._text(draw, margin, box.height - unit * 2.2, self._note, 0.8, _QUIET, full)
        return np.asarray(image)

    def _text(
        self, draw: Any, x: float, y: float, text: str, size: float, color: tuple[int, int, int], room: float
    ) -> None:
        """Text that is made smaller until it fits."""
        while size > 0.5 and draw.textlength(text, font=self._font(size)) > room:
            size *= 0.92
        draw.text((x, y), text, fill=color, font=self._font(size))

    def _font(self, size: float) -> Any:
        pixels = max(6, round(self._plan.unit * size))
        if pixels not in self._fonts:
            self._fonts[pixels] = ImageFont.load_default(pixels)
        return self._fonts[pixels]


def _connections() -> tuple[Array, Array]:
    """Pairs of landmarks: the mesh, and the contours with the irises; from whichever place this mediapipe has them."""
    try:
        from mediapipe.tasks.python.vision import FaceLandmarksConnections as Face

        def pairs(*lists: Any) -> Array:
            return np.array([(line.start, line.end) for part in lists for line in part])

        return pairs(Face.FACE_LANDMARKS_TESSELATION), pairs(
            Face.FACE_LANDMARKS_CONTOURS, Face.FACE_LANDMARKS_LEFT_IRIS, Face.FACE_LANDMARKS_RIGHT_IRIS
        )
    except ImportError:
        from mediapipe.python.solutions import face_mesh_connections as connections

        irises = connections.FACEMESH_IRISES
        return (
            np.array(sorted(connections.FACEMESH_TESSELATION)),
            np.array(sorted(connections.FACEMESH_CONTOURS | irises)),
        )
