"""The command as a whole: options, the published folder, provenance, failures that leave nothing behind."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import FIXTURES, Export, unsaid

from emotionformer.errors import ExportError
from emotionformer.export.command import main
from emotionformer.export.graph import operation_table
from emotionformer.export.package import read_tensor
from emotionformer.export.reading.hdf5_tree import _element_type
from emotionformer.export.xxh64 import xxh64

BASE = FIXTURES / "k3_post_norm_constant.keras"
LABELS = "Angry,Disgust,Fear,Happy,Neutral,Sad"


def failure(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> str:
    """The one line that a failing export prints; nothing is left in `folder`."""
    before = sorted(folder.iterdir())
    assert main([*arguments, "-o", str(folder / "made")]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("export: ")]
    assert len(lines) == 1
    assert sorted(folder.iterdir()) == before
    return lines[0]


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
    assert manifest["input"]["frames"] == 5 and manifest["input"]["features"] == 478
    assert package.tensor(manifest["input"]["normalization"]["mean"]).shape in ((478,), (1, 478))
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
    manifest, test = package.manifest, package.manifest["selfTest"]
    assert test["oracle"] == "numpy-float64"
    held = {name: read_tensor(package.folder, "selftest.bin", entry) for name, entry in test["tensors"].items()}
    for clip, expected, scores in zip(held[test["input"]], held[test["probabilities"]], held[test["logits"]]):
        values = package.values(clip)
        assert (
            np.abs(values[manifest["outputs"]["probabilities"]][0] - expected).max()
            <= test["tolerance"]["probabilities"]
        )
        assert np.abs(values[manifest["outputs"]["logits"]][0] - scores).max() <= test["tolerance"]["logits"]


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
    assert set(manifest["outputs"].values()) == set(graph["outputs"])


def test_open_time_without_padding(export: Export) -> None:
    """A model of any length keeps its open axis, and runs at another length than it was converted for."""
    path = FIXTURES / "k3_open_time.keras"
    package = export(path, "--frames", "9", "--pad-side", "none")
    assert package.manifest["graphs"][0]["inputs"][0]["shape"] == [1, None, 5]
    golden = np.load(path.with_suffix(".npz"))
    for clip, expected in zip(golden["input"], golden["output"]):
        values = package.values(clip)
        assert np.abs(values[package.manifest["outputs"]["probabilities"]][0] - expected).max() <= 2e-6


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
        "--labels",
        LABELS,
        "--name",
        "Mine",
        "--license",
        "Apache-2.0",
    )
    assert package.manifest["input"] == {
        "frames": 4,
        "features": 1434,
        "layout": "xyz-planar",
        "padding": {"value": 0.0, "side": "start", "order": "afterNormalization"},
        "truncation": "uniform",
        "missingFrame": "drop",
    }
    assert package.manifest["name"] == "Mine" and package.manifest["license"] == "Apache-2.0"


def test_statistics_follow_the_layout(export: Export, tmp_path: Path) -> None:
    """Statistics for each landmark and axis, (478, 3), in the features' own order."""
    points = np.arange(1434, dtype=np.float32).reshape(478, 3) + 1
    np.save(tmp_path / "mean.npy", points)
    np.save(tmp_path / "std.npy", points)
    options = ["--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy")]
    path = FIXTURES / "k3_pre_norm_gelu_positions.keras"
    for layout, expected in (("xyz-interleaved", points.ravel()), ("xyz-planar", points.T.ravel())):
        package = export(path, *options, "--layout", layout)
        assert np.array_equal(package.tensor("normalization/mean"), expected)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffAngry\nDisgust\nFear\nHappy\nNeutral\nSad",
        '\ufeff["Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad"]',
        '{"Sad": 5, "Angry": 0, "Disgust": 1, "Fear": 2, "Happy": 3, "Neutral": 4}',
        '{"class_indices": {"Angry": 0, "Disgust": 1, "Fear": 2, "Happy": 3, "Neutral": 4, "Sad": 5}}',
    ],
    ids=["text with a mark", "JSON with a mark", "name to index", "class indices"],
)
def test_label_files(export: Export, tmp_path: Path, content: str) -> None:
    path = tmp_path / ("labels.json" if content.strip("\ufeff")[0] in "[{" else "labels.txt")
    path.write_text(content, "utf-8")
    assert export(BASE, "--labels", str(path)).manifest["labels"] == LABELS.split(",")


@pytest.mark.parametrize("numbers", [(0, 1, 3), (0, 1, 1), (0, 1, 2.0), (0, 1, True), (1, 2, 3)])
def test_a_map_whose_numbers_are_no_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], numbers: tuple[Any, ...]
) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(dict(zip("abc", numbers))))
    assert "holds no list of class names" in failure(capsys, tmp_path, str(BASE), "--labels", str(path))


def pickled_scaler(monkeypatch: pytest.MonkeyPatch, name: str = "StandardScaler", **state: Any) -> bytes:
    """What scikit-learn pickles of a scaler."""
    module = ModuleType("sklearn.preprocessing._data")
    kind = type(name, (), {"__module__": module.__name__, "__qualname__": name})
    setattr(module, name, kind)
    for part in ("sklearn", "sklearn.preprocessing"):
        monkeypatch.setitem(sys.modules, part, ModuleType(part))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    scaler = kind()
    scaler.__dict__.update(state)
    return pickle.dumps(scaler)


def published(tmp_path: Path, scaler: bytes) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    shutil.copy(BASE, folder / "model.keras")
    (folder / "scaler.pkl").write_bytes(scaler)
    return folder


@pytest.mark.parametrize("with_mean,with_std", [(True, True), (False, True), (True, False)])
def test_a_scaler_is_the_normalization(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_mean: bool, with_std: bool
) -> None:
    """Beside an encoder or alone; scikit-learn keeps the means that a scaler without means does not use."""
    means, deviations = np.arange(478.0), np.arange(478.0) + 1
    state: dict[str, Any] = {"with_mean": with_mean, "with_std": with_std, "copy": True, "n_features_in_": 478}
    state |= {"mean_": means, "scale_": deviations if with_std else None, "n_samples_seen_": np.int64(9)}
    folder = published(tmp_path, pickled_scaler(monkeypatch, **state))
    package = export(folder)
    assert "labels" not in package.manifest
    assert np.array_equal(package.tensor("normalization/mean"), means.astype(np.float32) * with_mean)
    found = package.tensor("normalization/standardDeviation")
    assert np.array_equal(found, deviations if with_std else np.ones(478))
    assert "scaler.pkl" in [source["name"] for source in package.manifest["producer"]["sources"]]
    (folder / "label_encoder.pkl").write_bytes(pickle.dumps(np.array(LABELS.split(","))))
    assert export(folder).manifest["labels"] == LABELS.split(",")
    np.save(folder / "mean.npy", np.ones(478))
    np.save(folder / "std.npy", np.ones(478))
    assert np.array_equal(export(folder).tensor("normalization/mean"), np.ones(478))


def test_another_scaler_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than exported without it."""
    folder = published(tmp_path, pickled_scaler(monkeypatch, "MinMaxScaler", min_=np.zeros(478)))
    message = failure(capsys, tmp_path, str(folder))
    assert "scaler.pkl" in message and "MinMaxScaler" in message and "--mean" in message
    (folder / "scaler.pkl").write_bytes(pickled_scaler(monkeypatch, mean_=np.zeros(477), scale_=np.ones(477)))
    assert "scaler.pkl's mean_ has the shape (477,)" in failure(capsys, tmp_path, str(folder))
    (folder / "scaler.pkl").write_bytes(pickled_scaler(monkeypatch, with_mean=True))
    assert "was not fitted" in failure(capsys, tmp_path, str(folder))
    (folder / "scaler.pkl").write_bytes(pickle.dumps(np.ones(478)))
    assert "holds no StandardScaler" in failure(capsys, tmp_path, str(folder))


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


def test_a_link_out_of_the_published_folder_is_not_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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


def test_weights_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An .h5 of weights says what is missing."""
    path = tmp_path / "model.h5"
    with h5py.File(FIXTURES / "k2_post_norm_constant.h5") as source, h5py.File(path, "w") as target:
        for name in source["model_weights"]:
            source.copy(f"model_weights/{name}", target)
        target.attrs["layer_names"] = source["model_weights"].attrs["layer_names"]
    message = failure(capsys, tmp_path, str(path))
    assert "model_config" in message and "architecture" in message


def changed(tmp_path: Path, edit: Any, source: str = "k3_post_norm_constant.keras") -> Path:
    """A copy of a fixture with another configuration."""
    path = tmp_path / "changed.keras"
    with zipfile.ZipFile(FIXTURES / source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                edit(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return path


def layer_of(config: Any, class_name: str) -> Any:
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == class_name)


def test_an_unsupported_layer_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its class, its name, and what to do."""
    path = changed(
        tmp_path,
        lambda config: layer_of(config, "GlobalAveragePooling1D").update(
            {"class_name": "ConvLSTM1D", "module": "keras.layers"}
        ),
    )
    message = failure(capsys, tmp_path, str(path))
    assert "ConvLSTM1D" in message and "'pool'" in message and "--custom" in message


@pytest.mark.parametrize(
    "class_name,module", [("Conv2D", "keras.layers"), ("ConvLSTM1D", "keras.layers"), ("Conv3D", "")]
)
def test_a_layer_of_kerass_own_is_not_called_foreign(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], class_name: str, module: str
) -> None:
    path = changed(
        tmp_path,
        lambda config: layer_of(config, "GlobalAveragePooling1D").update({"class_name": class_name, "module": module}),
    )
    assert f"{class_name} 'pool': this layer of Keras's own is not supported" in failure(capsys, tmp_path, str(path))


@pytest.mark.parametrize(
    "dtype",
    [
        "int8_from_float32",
        {"module": "keras", "class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "float32"}},
        {"class_name": "DTypePolicyMap", "config": {"policy_map": {"x": {"config": {"name": "int8_from_float32"}}}}},
    ],
)
def test_a_quantized_layer_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], dtype: Any) -> None:
    path = changed(tmp_path, lambda config: layer_of(config, "Dense")["config"].update({"dtype": dtype}))
    message = failure(capsys, tmp_path, str(path))
    assert "Dense" in message and "Keras quantized it (int8)" in message and "float model" in message


def test_bfloat16_weights_are_named(tmp_path: Path) -> None:
    """Keras hands them to HDF5 as two bytes each."""
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("weight", data=np.zeros(3, "V2"))
    with pytest.raises(ExportError, match="bfloat16.*float32"):
        _element_type(h5py.File(path)["weight"].id.get_type(), "weight")


def pooling_named_like_kerass(config: Any, **entry: Any) -> None:
    """A layer without weights in the pooling's place."""
    layer_of(config, "GlobalAveragePooling1D").update({"class_name": "GlobalMaxPooling1D", **entry})


def test_a_class_with_the_name_of_one_of_kerass_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keras says of its own classes in which module they are, and of others under which name they are registered."""
    path = changed(
        tmp_path,
        lambda config: pooling_named_like_kerass(config, module=None, registered_name="GlobalMaxPooling1D"),
    )
    assert "GlobalMaxPooling1D 'pool': this class is not Keras's own" in failure(capsys, tmp_path, str(path))
    path = changed(tmp_path, lambda config: pooling_named_like_kerass(config, module="keras.layers"))
    assert main([str(path), "-o", str(tmp_path / "made")]) == 0


def test_an_attention_without_kerass_options_is_not_kerass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Older files say nothing of modules."""
    own = {"class_name": "Attention", "module": "", "config": {"name": "pool", "units": 8}}
    path = changed(tmp_path, lambda config: layer_of(config, "GlobalAveragePooling1D").update(own))
    assert "Attention 'pool': this class is not Keras's own" in failure(capsys, tmp_path, str(path))


def test_a_lambda_is_never_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also when its bytecode could not be loaded anyway."""
    path = changed(
        tmp_path,
        lambda config: layer_of(config, "GlobalAveragePooling1D").update(
            {"class_name": "Lambda", "config": {"name": "pool", "function": ["4wEAAAA=", None, None]}}
        ),
    )
    message = failure(capsys, tmp_path, str(path))
    assert "Lambda 'pool'" in message and "--custom" in message


def test_an_unknown_activation_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(tmp_path, lambda config: layer_of(config, "Dense")["config"].update({"activation": "mine>wavy"}))
    assert "wavy" in failure(capsys, tmp_path, str(path))


def test_a_position_without_a_table_is_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = failure(capsys, tmp_path, str(FIXTURES / "k3_custom_given.keras"))
    assert "SinusoidalPosition" in message and "--custom" in message


def test_a_block_with_other_options_is_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that may change what a custom block computes."""
    path = changed(
        tmp_path,
        lambda config: layer_of(config, "TransformerBlock")["config"].update({"norm_first": True}),
        "k3_custom_recognized.keras",
    )
    assert "norm_first" in failure(capsys, tmp_path, str(path), *unsaid(FIXTURES / "k3_custom_recognized.keras"))


@pytest.mark.parametrize(
    "edit,expected",
    [
        (lambda c: c["config"].pop("output_layers"), "output"),
        (lambda c: c["config"].update(layers=[]), "no layers"),
        (lambda c: c["config"]["layers"][1].update(config=7), "configuration"),
        (lambda c: c["config"]["layers"].append(5), "class name"),
        (lambda c: layer_of(c, "Dense")["config"].update(units=9, use_bias=False), "weights"),
        (lambda c: c.update(class_name="Mine", registered_name="p>Mine", config={}), "p>Mine"),
        (
            lambda c: layer_of(c, "Dense").update(
                inbound_nodes=[
                    {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["emotion", 0, 0]}}]}
                ]
            ),
            "waits",
        ),
        (
            lambda c: layer_of(c, "Dense").update(inbound_nodes=[{"args": [{"class_name": "__keras_tensor__"}]}]),
            "damaged",
        ),
        (lambda c: c["config"].update(input_layers=[["a", 0, 0], ["b", 0, 0]]), "2 inputs"),
    ],
)
def test_a_damaged_configuration_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: Any, expected: str
) -> None:
    assert expected in failure(capsys, tmp_path, str(changed(tmp_path, edit)))


@pytest.mark.parametrize("name", ["k3_post_norm_constant.keras", "k2_post_norm_constant.h5"])
def test_a_truncated_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    content = (FIXTURES / name).read_bytes()
    path = tmp_path / name
    for length in (0, 10, 512, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:length])
        failure(capsys, tmp_path, str(path))


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


def test_a_deviation_of_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused by feature unless epsilon is positive."""
    mean, deviation = np.zeros(478), np.ones(478)
    deviation[17] = 0
    np.save(tmp_path / "mean.npy", mean)
    np.save(tmp_path / "std.npy", deviation)
    options = ["--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy")]
    assert "feature 17" in failure(capsys, tmp_path, str(BASE), *options)
    assert main([str(BASE), "-o", str(tmp_path / "made"), *options, "--epsilon", "1e-6"]) == 0


def test_statistics_that_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "mean.npy", np.zeros(477))
    np.save(tmp_path / "std.npy", np.ones(477))
    message = failure(
        capsys, tmp_path, str(BASE), "--mean", str(tmp_path / "mean.npy"), "--std", str(tmp_path / "std.npy")
    )
    assert "(477,)" in message and "478" in message


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
