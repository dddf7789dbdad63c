"""Means and deviations from a pickled scikit-learn `StandardScaler`, read like a label encoder: nothing is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.reading.label_pickle import read_pickle
from emotionformer.export.reading.pickle_reader import Made


def scaler_statistics(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """What the scaler subtracts and divides by, one number a feature; raises for any other scaler."""
    return read_pickle(path, "a StandardScaler", _statistics)


def _statistics(made: Any, place: str) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(made, Made) or made.kind != "scaler":
        raise ExportError(f"{place}: holds no StandardScaler; give --mean and --std as .npy files")
    means, deviations = (_array(made.state, name, place) for name in ("mean_", "scale_"))
    held = means if means is not None else deviations
    if held is None:
        raise ExportError(f"{place}: the StandardScaler was not fitted: it has neither mean_ nor scale_")
    if means is None or made.state.get("with_mean") is False:
        means = np.zeros_like(held)
    if deviations is None or made.state.get("with_std") is False:
        deviations = np.ones_like(held)
    if means.shape != deviations.shape or not (np.isfinite(means).all() and np.isfinite(deviations).all()):
        raise ExportError(f"{place}: mean_ and scale_ are not as many finite numbers")
    return means, deviations


def _array(state: dict[str, Any], name: str, place: str) -> np.ndarray | None:
    made = state.get(name)
    if made is None:
        return None
    array = made.value if isinstance(made, Made) and made.kind == "array" else None
    if array is None or array.dtype.kind not in "fiu" or array.ndim != 1:
        raise ExportError(f"{place}: its {name} is no list of numbers")
    return array.astype(np.float64)
