"""Writes the clip files beside this script: what NumPy, its archives and common tools make of one small clip.

Every file holds the values i / 8 - 1 for i = 0, 1, 2, … in C order, which each element type represents exactly (integer
types hold i itself), so the tests need no second copy of the numbers.

Example: python make_clips.py
"""

import argparse
import json
import pathlib

import numpy as np


def values(*shape: int) -> np.ndarray:
    return (np.arange(np.prod(shape)) / 8 - 1).reshape(shape)


def write_npy(folder: pathlib.Path) -> None:
    for code in ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8"):
        name = code.replace("<", "little-").replace(">", "big-")
        np.save(folder / f"{name}.npy", values(3, 4).astype(code))
    for code in ("i1", "<i2", ">i4", "<i8", "u1", "<u2", ">u4", "<u8"):
        name = code.replace("<", "little-").replace(">", "big-")
        np.save(folder / f"{name}.npy", np.arange(12).reshape(3, 4).astype(code))
    np.save(folder / "fortran.npy", np.asfortranarray(values(3, 4).astype("<f4")))
    np.save(folder / "fortran-batch.npy", np.asfortranarray(values(2, 3, 4).astype("<f4")))
    np.save(folder / "batch.npy", values(2, 3, 4).astype("<f4"))
    np.save(folder / "landmarks.npy", values(2, 4, 3).astype("<f4"))
    np.save(folder / "landmarks-batch.npy", values(2, 2, 4, 3).astype("<f4"))
    for version in ((2, 0), (3, 0)):
        with open(folder / f"version-{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, values(3, 4).astype("<f4"), version=version)


def write_npz(folder: pathlib.Path) -> None:
    arrays = {"first": values(3, 4).astype("<f4"), "label": np.array("Happy"), "second": values(2, 12, 3)}
    np.savez(folder / "stored.npz", **arrays)
    np.savez_compressed(folder / "deflated.npz", **arrays)


def write_text(folder: pathlib.Path) -> None:
    rows = values(3, 4)
    np.savetxt(folder / "plain.csv", rows, delimiter=",", fmt="%.18e")
    # Two clips of two landmarks, interleaved, the second's frames in reverse order, quoted and with Windows line ends.
    names = ["x_0", "y_0", "z_0", "x_1", "y_1", "z_1"]
    lines = [",".join(["video_filename", "frame_num", "emotion", *names])]
    clips = values(2, 2, 6)
    for clip, frame, name, emotion in ((0, 0, '"a,1.flv"', "Happy"), (1, 1, '"b ""2"".flv"', "Sad"),
                                       (0, 1, '"a,1.flv"', "Happy"), (1, 0, '"b ""2"".flv"', "Sad")):
        lines.append(",".join([name, str(frame), emotion, *map(repr, clips[clip, frame].tolist())]))
    (folder / "dataset.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode())
    frames = [json.dumps(row) for row in rows.tolist()]
    (folder / "features.jsonl").write_text("\n".join(frames) + "\n")
    landmarks = [json.dumps({"clip": "a", "landmarks": frame}) for frame in values(2, 4, 3).tolist()]
    (folder / "landmarks.jsonl").write_text("\n".join(landmarks) + "\n")
    clips = [json.dumps({"clip": name, "features": clip}) for name, clip in zip("ab", values(2, 3, 4).tolist())]
    (folder / "clips.jsonl").write_text("\n".join(clips) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    folder = pathlib.Path(__file__).resolve().parent
    write_npy(folder)
    write_npz(folder)
    write_text(folder)


if __name__ == "__main__":
    main()
