"""Makes the label encoders and scalers beside this file: python make_labels.py
(scikit-learn 1.9.1, joblib 1.6.0, NumPy 2.4.6).
"""

from __future__ import annotations

import pickle
from pathlib import Path

import joblib
import numpy as np
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, StandardScaler

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
    # Means of 2, 20, 5, 2, 0, 2 and deviations of 1, 10, 1, 2, 1, 1: two features never change.
    features = np.array([[1.0, 10.0, 5.0, 0.0, -1.0, 2.0], [3.0, 30.0, 5.0, 4.0, 1.0, 2.0]])
    scaler = StandardScaler().fit(features)
    for protocol in (0, 2, 5):
        (FOLDER / f"scaler-{protocol}.pkl").write_bytes(pickle.dumps(scaler, protocol))
    joblib.dump(scaler, FOLDER / "scaler.joblib", compress=("xz", 3))
    (FOLDER / "scaler-no-mean.pkl").write_bytes(pickle.dumps(StandardScaler(with_mean=False).fit(features)))
    (FOLDER / "scaler-no-std.pkl").write_bytes(pickle.dumps(StandardScaler(with_std=False).fit(features)))
    (FOLDER / "scaler-unfitted.pkl").write_bytes(pickle.dumps(StandardScaler()))
    (FOLDER / "scaler-minmax.pkl").write_bytes(pickle.dumps(MinMaxScaler().fit(features)))
    np.save(FOLDER / "text.npy", text.classes_)
    np.save(FOLDER / "objects.npy", objects.classes_)
    np.save(FOLDER / "numbers.npy", np.array([3, 7, 10], ">i4"))
    for name in ("bz2", "lzma", "xz"):
        joblib.dump(text, FOLDER / f"{name}.joblib", compress=(name, 3))


if __name__ == "__main__":
    main()
