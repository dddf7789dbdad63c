"""Makes the label encoders beside this file: python make_labels.py (scikit-learn 1.9.1, joblib 1.6.0, NumPy 2.4.6)."""

from __future__ import annotations

import pickle
from pathlib import Path

import joblib
import numpy as np
from sklearn.preprocessing import LabelEncoder

NAMES = ["Sad", "Happy", "Ängstlich"]
FOLDER = Path(__file__).parent


def main() -> None:
    text = LabelEncoder().fit(np.array(NAMES))
    objects = LabelEncoder().fit(np.array(NAMES, dtype=object))
    for protocol in range(6):
        (FOLDER / f"text-{protocol}.pkl").write_bytes(pickle.dumps(text, protocol))
        (FOLDER / f"objects-{protocol}.pkl").write_bytes(pickle.dumps(objects, protocol))
    emotions = LabelEncoder().fit(["Neutral", "Angry", "Sad", "Happy", "Fear", "Disgust"])
    (FOLDER / "emotions.pkl").write_bytes(pickle.dumps(emotions))
    joblib.dump(text, FOLDER / "text.joblib")
    joblib.dump(text, FOLDER / "zlib.joblib", compress=("zlib", 3))
    joblib.dump(text, FOLDER / "gzip.joblib", compress=("gzip", 3))
    joblib.dump(objects, FOLDER / "objects.joblib")
    joblib.dump(LabelEncoder().fit(np.array([3, 10, 7])), FOLDER / "numbers.joblib")
    for name in ("bz2", "lzma", "xz"):
        joblib.dump(text, FOLDER / f"{name}.joblib", compress=(name, 3))


if __name__ == "__main__":
    main()
