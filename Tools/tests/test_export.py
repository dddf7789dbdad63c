"""The command as a whole: options, the published folder, provenance, failures that leave nothing behind."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import FIXTURES, Export, unsaid
from exporting import BASE, LABELS, failure

from emotionformer.export.command import main
from emotionformer.export.graph import operation_table
from emotionformer.export.package import read_tensor
from emotionformer.export.xxh64 import xxh64


def test_published_folder(export: Export, tmp_path: Path) -> None:
    """Model, mean, std, label encoder and metadata are found by their role, in any depth."""
    folder = tmp_path / "published"
    (folder / "assets").mkdir(parents=True)
    shutil.copy(FIXTURES / "k2_post_norm_constant.h5", folder / "tf_emotion_seq256.h5")
    (folder / "tf_emotion_seq256_optimized.tflite").write_bytes(b"TFL3")
    (folder / "usage.ipynb").write_text("{}")
    mean, deviation = np.full((1, 1, 478), 0.5, np.float32), np.full(478, 2.0, np.float64)
    np.save(folder / "assets" / "global_mean.npy", mean)
    np.save(folder / "assets" / "global_std.npy", deviation)
    (folder / "assets" / "label_encoder.pkl").write_bytes(pickle.dumps(np.array(LABELS.split(","))))
    (folder / "assets" / "metadata.json").write_text(json.dumps({"version": "1.0", "max_frames": 5}))
    package = export(folder)
    manifest = package.manifest
    assert manifest["labels"] == LABELS.split(",")
    assert manifest["metadata"]["version"] == "1.0"
    assert package.input["frames"] == 5 and package.input["features"] == 478
    assert package.tensor(package.input["normalization"]["mean"]).shape in ((478,), (1, 478))
    names = {source["name"]: source["sha256"] for source in manifest["producer"]["sources"]}
    assert set(names) == {
        "tf_emotion_seq256.h5",
        "global_mean.npy",
        "global_std.npy",
        "label_encoder.pkl",
        "metadata.json",
    }
    assert names["global_std.npy"] == hashlib.sha256((folder / "assets" / "global_std.npy").read_bytes()).hexdigest()


def test_self_test_is_what_the_package_gives(export: Export) -> None:
    """The stored outputs belong to the stored inputs, and the oracle is named."""
    package = export(FIXTURES / "k3_bilstm_after.keras", "--labels", LABELS)
    test = package.manifest["selfTest"]
    assert test["oracle"] == "numpy-float64"
    held = {name: read_tensor(package.folder, "selftest.bin", entry) for name, entry in test["tensors"].items()}
    assert set(test["inputs"]) == {"clip"} and set(test["outputs"]) == {"probabilities", "logits"}
    for number, clip in enumerate(held[test["inputs"]["clip"]]):
        values = package.values(clip)
        for name, entry in test["outputs"].items():
            found = values[package.value(name)][0]
            assert np.abs(found - held[entry["tensor"]][number]).max() <= entry["tolerance"]


def test_files_are_as_the_manifest_says(export: Export) -> None:
    """Byte counts, checksums, alignment, no overlap, no gap but padding with zeros."""
    package = export(BASE)
    for key, entries in (
        ("weights", package.manifest["tensors"]),
        ("selfTestData", package.manifest["selfTest"]["tensors"]),
    ):
        entry = package.manifest[key]
        content = (package.folder / entry["file"]).read_bytes()
        assert len(content) == entry["byteCount"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert xxh64(content) == entry["xxh64"]
        end = 0
        for tensor in entries.values():
            assert tensor["offset"] % 64 == 0 and 0 <= tensor["offset"] - end < 64
            assert not any(content[end : tensor["offset"]])
            assert tensor["byteCount"] == np.dtype(tensor["dtype"]).itemsize * int(np.prod(tensor["shape"]))
            end = tensor["offset"] + tensor["byteCount"]
        assert end == len(content)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.keras")), ids=lambda path: path.stem)
def test_nodes_follow_the_operation_table(path: Path, export: Export) -> None:
    """Arity, attributes, weights and order of every node are as the committed table has them."""
    manifest = export(path, *unsaid(path)).manifest
    graph, table = manifest["graphs"][0], operation_table()
    known, nodes, used = {graph["inputs"][0]["name"]}, set(), set()
    for node in graph["nodes"]:
        row = table[node["operation"]]
        assert node["name"] not in nodes
        nodes.add(node["name"])
        assert all(name is None or name in known for name in node.get("inputs", []))
        variadic = any(role.endswith("...") for role in row["inputs"])
        required = [role for role in row["inputs"] if not role.endswith("?")]
        assert len(required) <= len(node.get("inputs", []))
        assert variadic or len(node.get("inputs", [])) <= len(row["inputs"])
        attributes = {entry["name"]: entry for entry in row["attributes"]}
        assert set(node.get("attributes", {})) <= set(attributes)
        for name, entry in attributes.items():
            assert not entry.get("required") or name in node["attributes"], (node["name"], name)
            if entry["kind"] == "text" and name in node.get("attributes", {}):
                assert node["attributes"][name] in entry["allowed"]
        roles = {role.rstrip("?"): role.endswith("?") for role in row["weights"]}
        assert set(node.get("weights", {})) <= set(roles)
        assert all(optional or role in node["weights"] for role, optional in roles.items())
        used.update(node.get("weights", {}).values())
        for output in node["outputs"]:
            assert output not in known
            known.add(output)
    assert used | {"normalization/mean", "normalization/standardDeviation"} >= set(manifest["tensors"])
    assert [entry["value"] for entry in manifest["outputs"]] == graph["outputs"]


def test_open_time_without_padding(export: Export) -> None:
    """A model of any length keeps its open axis, and runs at another length than it was converted for."""
    path = FIXTURES / "k3_open_time.keras"
    package = export(path, "--frames", "9", "--pad-side", "none")
    assert package.manifest["graphs"][0]["inputs"][0]["shape"] == [1, None, 5]
    golden = np.load(path.with_suffix(".npz"))
    for clip, expected in zip(golden["input"], golden["output"]):
        assert np.abs(package.output("probabilities", clip) - expected).max() <= 2e-6


def test_options_reach_the_manifest(export: Export) -> None:
    package = export(
        FIXTURES / "k3_pre_norm_gelu_positions.keras",
        "--pad-side",
        "pre",
        "--truncate",
        "uniform",
        "--padding-order",
        "after",
        "--layout",
        "xyz-planar",
        "--missing-value",
        "zeros",
        "--labels",
        LABELS,
        "--name",
        "Mine",
        "--license",
        "Apache-2.0",
    )
    assert package.input == {
        "name": "clip",
        "value": "input",
        "dtype": "float32",
        "shape": [1, 4, 1434],
        "role": "clip",
        "frames": 4,
        "features": 1434,
        "layout": "xyz-planar",
        "padding": {"value": 0.0, "side": "start", "order": "afterNormalization"},
        "truncation": "uniform",
        "missingFrame": "drop",
        "missingValue": "zeros",
    }
    assert package.manifest["name"] == "Mine" and package.manifest["license"] == "Apache-2.0"


def test_a_package_is_replaced_whole(tmp_path: Path) -> None:
    """What was there before goes, and no scratch folder stays."""
    target = tmp_path / "package"
    assert main([str(BASE), "-o", str(target)]) == 0
    (target / "weights.bin").write_text("old")
    assert main([str(BASE), "-o", str(target)]) == 0
    assert (target / "weights.bin").stat().st_size > 1000
    assert sorted(path.name for path in target.iterdir()) == ["manifest.json", "selftest.bin", "weights.bin"]
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


def test_a_failure_keeps_the_old_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while writing leaves the old package as it was."""
    target = tmp_path / "package"
    assert main([str(BASE), "-o", str(target)]) == 0
    before = (target / "manifest.json").read_bytes()

    def full(*_: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emotionformer.export.package.xxh64", full)
    assert main([str(BASE), "-o", str(target), "--name", "Other"]) == 1
    assert (target / "manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


def test_a_web_apps_folder_and_the_current_one_are_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"name": "My web app"}')
    (folder / "index.html").write_text("mine")
    assert main([str(BASE), "-o", str(folder)]) == 1
    assert "not a model package exists there: not replaced" in capsys.readouterr().err
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder / "empty")
    assert main([str(BASE), "-o", "."]) == 1
    assert "the current folder cannot be replaced" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["app", "empty", "index.html", "manifest.json"]


def test_a_link_out_of_the_published_folder_is_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, secret = tmp_path / "source", tmp_path / "secret.json"
    source.mkdir()
    secret.write_text('{"secret": 1}')
    shutil.copy(BASE, source / "model.keras")
    (source / "metadata.json").symlink_to(secret)
    assert main([str(source), "-o", str(tmp_path / "made")]) == 1
    assert "metadata.json is a symbolic link that leads out of the folder" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
    (source / "metadata.json").unlink()
    (source / "held").write_text('{"epochs": 3}')
    (source / "metadata.json").symlink_to("held")
    assert main([str(source), "-o", str(tmp_path / "made")]) == 0


def test_another_folder_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "precious.txt").write_text("mine")
    assert "not a model package" in failure(capsys, tmp_path, str(BASE))
    assert (tmp_path / "made" / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "options,expected",
    [
        (["--labels", "A,B,C"], "3 labels"),
        (["--labels", "nowhere.json"], "neither a file"),
        (["--frames", "7"], "takes 5"),
        (["--features", "9"], "takes 478"),
        (["--layout", "xyz-planar"], "three features of each landmark, the model takes 478"),
        (["--mean", "missing.npy"], "--std"),
        (["--pad-side", "none"], "exactly 5"),
        (["--custom", "missing.py"], "no such file"),
    ],
)
def test_wrong_options(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], expected: str) -> None:
    assert expected in failure(capsys, tmp_path, str(BASE), *options)


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^0$"):
        main(["--help"])
    assert "Tools/export TF-Emotion" in capsys.readouterr().out


def test_xxh64_of_the_specification() -> None:
    """Published values for short inputs; every length gives another."""
    assert xxh64(b"") == "ef46db3751d8e999"
    assert xxh64(b"abc") == "44bc2cf5ad770999"
    assert len({xxh64(bytes(range(length))) for length in range(100)}) == 100


@pytest.mark.parametrize("name", ["k2_small_layers.h5", "k3_small_layers.h5"])
def test_unit_normalization_divides_by_lengths_from_a_millionth_on(export: Export, name: str) -> None:
    """Keras's `l2_normalize`: the squared length is 1e-12 at least."""
    nodes = export(FIXTURES / name).manifest["graphs"][0]["nodes"]
    least = [node["attributes"]["minimum"] for node in nodes if node["operation"] == "clip"]
    assert least == [1e-12]
