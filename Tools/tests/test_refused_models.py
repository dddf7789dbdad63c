"""Models that the exporter refuses, and what it says of each."""

from __future__ import annotations

import json
import shlex
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import FIXTURES, unsaid
from exporting import failure

from emotionformer.errors import ExportError
from emotionformer.export.command import main
from emotionformer.export.conversion import HANDLERS
from emotionformer.export.reading.hdf5_tree import _element_type, _load
from emotionformer.export.reading.layer_reading import OWN_OPTIONS, read_layer
from emotionformer.export.reading.own_classes import REASONS, is_own, names
from emotionformer.export.reading.saved_model import to_keras, to_tflite


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
            {"class_name": "StringLookup", "module": "keras.layers"}
        ),
    )
    message = failure(capsys, tmp_path, str(path))
    assert "StringLookup" in message and "'pool'" in message and "--custom" in message


@pytest.mark.parametrize("generation", [2, 3])
@pytest.mark.parametrize("module", ["keras.layers", ""])
def test_a_layer_of_kerass_own_is_not_called_foreign(generation: int, module: str) -> None:
    """It is converted, or refused with a reason: whatever Keras has, by the names of both generations."""
    found = names()[str(generation)]["layers"]
    assert len(found) > 100
    for name in found:
        if name == "InputLayer" or (module == "" and name in OWN_OPTIONS):
            # The model itself reads the one; an option tells the others from classes of the user's own.
            continue
        entry = {"class_name": name, "module": module, "config": {"name": "it", "trainable": True}}
        try:
            layer = read_layer(entry, generation)
        except ExportError as error:
            assert "its configuration" in str(error) or "its cell is of class" in str(error), name
            continue
        assert not layer.operator, name
        assert (layer.known and name in HANDLERS) or (is_own(layer) and name in {*REASONS, "Lambda"}), name


def test_a_refusal_of_kerass_own_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(
        tmp_path,
        lambda config: layer_of(config, "GlobalAveragePooling1D").update({"class_name": "Hashing", "module": ""}),
    )
    message = failure(capsys, tmp_path, str(path))
    assert "Hashing 'pool': it hashes its input: do that before the model; give its meaning with --custom" in message


QUANTIZED = {"module": "keras", "class_name": "QuantizedDTypePolicy"}


@pytest.mark.parametrize(
    "class_name,dtype,expected",
    [
        ("Dense", {**QUANTIZED, "config": {"mode": "float8", "source_name": "float32"}}, "(float8), which is not read"),
        ("Dense", "gptq/4/128_from_float32", "(gptq/4/128), which is not read"),
        ("Dense", "int4_from_float32", "an earlier version of Keras packed its weights"),
        ("LayerNormalization", "int8_from_float32", "(int8), which is not read"),
        (
            "LayerNormalization",
            {"class_name": "Map", "config": {"policy_map": {"x": {"config": {"name": "int8_from_float32"}}}}},
            "(int8), which is not read",
        ),
    ],
)
def test_a_quantized_layer_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], class_name: str, dtype: Any, expected: str
) -> None:
    path = changed(tmp_path, lambda config: layer_of(config, class_name)["config"].update({"dtype": dtype}))
    message = failure(capsys, tmp_path, str(path))
    assert (class_name in message and f"Keras quantized it {expected}" in message) or expected in message
    assert "export the float model, saved before model.quantize()" in message


GENERAL = FIXTURES.parent / "general"


def quantizer(config: Any, value: Any) -> None:
    layer_of(config, "Dense")["config"]["quantization_config"]["config"]["activation_quantizer"] = value


@pytest.mark.parametrize(
    "edit,expected",
    [
        (lambda c: quantizer(c, {"class_name": "Mine", "config": {}}), "quantized in a way that is not known"),
        (lambda c: quantizer(c, {"class_name": "AbsMaxQuantizer", "config": {"axis": [1]}}), "a way that is not known"),
        # The attention's parts do not say whether their inputs are quantized, and the other layers differ.
        (lambda c: quantizer(c, None), "does not say whether their inputs are, too"),
        (lambda c: layer_of(c, "Dense")["config"].update(dtype="float32"), "needs 2 weights, the file has 3"),
    ],
)
def test_what_is_quantized_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: Any, expected: str
) -> None:
    path = changed(tmp_path, edit, str(GENERAL / "k3_int8_rows.keras"))
    assert expected in failure(capsys, tmp_path, str(path))


def test_a_quantized_layer_in_each_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keras multiplies with the whole numbers there, and never divides."""

    def wrap(config: Any) -> None:
        inner = layer_of(config, "Dense")
        wrapped = {key: inner[key] for key in ("module", "class_name", "config", "registered_name")}
        inner.update(class_name="TimeDistributed", config={"name": inner["name"], "layer": wrapped})

    path = changed(tmp_path, wrap, str(GENERAL / "k3_int8_rows.keras"))
    assert "leaves the scales out inside of TimeDistributed" in failure(capsys, tmp_path, str(path))


def test_bfloat16_weights_are_read(tmp_path: Path) -> None:
    """Keras hands them to HDF5 as two bytes each: the upper half of a float32."""
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        halves = np.array([0x3F80, 0xC049, 0x0000], "<u2").view("V2")
        file.create_dataset("weight", data=halves)
        file.create_dataset("one", data=halves[1])
        file.create_dataset("other", data=np.zeros(3, "V1"))
    file = h5py.File(path)
    assert _element_type(file["weight"].id.get_type(), "weight") == np.dtype("V2")
    entry = {"m": {name: {"id": file[name]} for name in ("weight", "one")}}
    arrays: list[np.ndarray] = []
    _load(entry, arrays)
    assert arrays[0].tolist() == [1.0, -3.140625, 0.0] and arrays[1].ravel().tolist() == [-3.140625]
    with pytest.raises(ExportError, match="not a number of at most 64 bits"):
        _element_type(file["other"].id.get_type(), "other")


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


def test_an_attention_without_kerass_options_is_not_kerass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Older files say nothing of modules."""
    own = {"class_name": "Attention", "module": "", "config": {"name": "pool", "units": 8}}
    path = changed(tmp_path, lambda config: layer_of(config, "GlobalAveragePooling1D").update(own))
    assert "Attention 'pool': this class is not Keras's own" in failure(capsys, tmp_path, str(path))


def trained(config: Any, class_name: str, value: Any = True) -> None:
    """The call's keywords, as each generation writes them."""
    node = layer_of(config, class_name)["inbound_nodes"][0]
    (node["kwargs"] if isinstance(node, dict) else node[0][3]).update(training=value)


@pytest.mark.parametrize("class_name", ["Dropout", "MultiHeadAttention"])
def test_a_call_in_training_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], class_name: str) -> None:
    """Keras 2 keeps to it when the model predicts."""
    source = "k2_post_norm_constant.keras"
    path = changed(tmp_path, lambda config: trained(config, class_name), source)
    message = failure(capsys, tmp_path, str(path))
    assert class_name in message and "called with training=True" in message and "--custom" in message
    path = changed(tmp_path, lambda config: trained(config, class_name, False), source)
    assert main([str(path), "-o", str(tmp_path / "made")]) == 0


def test_predict_of_keras_3_heeds_no_call_in_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It computes as without, which is what is exported; a note says so."""
    path = changed(tmp_path, lambda config: trained(config, "LayerNormalization"))
    assert main([str(path), "-o", str(tmp_path / "made")]) == 0
    assert "is called with training=True" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "function,keywords,expected",
    [
        ("one_hot", {"depth": 3, "on_value": 5.0}, "it is called with on_value=5.0"),
        ("one_hot", {"depth": 3, "off_value": -1.0}, "it is called with off_value=-1.0"),
        ("one_hot", {"depth": 3, "on_value": 1}, "it is called with on_value=1,"),
        ("nn.bias_add", {"bias": [0.0] * 8, "data_format": "NCHW"}, "it is called with data_format=NCHW"),
        ("nn.silu", {"beta": 2.0}, "it is called with beta=2.0"),
        ("math.square", {"of_a_later_version": [1, 2]}, "it is called with of_a_later_version=…"),
        ("meshgrid", {"indexing": "ij"}, "Keras 2 does not save the operands of meshgrid"),
        ("einsum", {}, "Keras 2 does not save the operands of einsum"),
    ],
)
def test_a_keyword_of_tensorflow_that_nothing_heeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], function: str, keywords: dict[str, Any], expected: str
) -> None:
    def edit(config: Any) -> None:
        layer = layer_of(config, "TFOpLambda")
        layer["config"]["function"] = function
        layer["inbound_nodes"][0][3] = keywords

    message = failure(capsys, tmp_path, str(changed(tmp_path, edit, "k2_post_norm_constant.keras")))
    assert expected in message and "--custom" in message


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
        (lambda c: c["config"].update(input_layers=[["a", 0, 0], ["b", 0, 0]]), "no layer of it"),
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


@pytest.mark.parametrize("source", ["", "saved_model.pb", ".."])
def test_a_saved_model_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str) -> None:
    """The folder, its file, or a folder around it: one command makes a file of it that can be exported."""
    folder = tmp_path / "my models" / "saved"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"")
    given = (folder / source).resolve()
    message = failure(capsys, tmp_path, str(given))
    assert "SavedModel folder without Keras's layers" in message
    assert shlex.split(message.partition("emotionformer convert: ")[2]) == to_tflite(folder)
    (folder / "keras_metadata.pb").write_bytes(b"")
    message = failure(capsys, tmp_path, str(given))
    command = shlex.split(message.partition("export that: ")[2])
    assert command == to_keras(folder) and "tf_keras.models.load_model" in command[2]
