"""The inputs of a package: what each of the model's inputs is, by its shape, its layers or the user's word."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from emotionformer.errors import ExportError
from emotionformer.export.arguments import DEFAULT_FRAMES, ORDERS, ROLE_OPTION, ROLES, SHAPE_OPTION, SIDES, TRUNCATIONS
from emotionformer.export.bounds import ADVICE, CLIP_ELEMENTS
from emotionformer.export.declared import DeclaredInput
from emotionformer.export.layer import Layer
from emotionformer.export.layers.encoding import AUGMENTATION
from emotionformer.export.reading.folder import FEATURES_KEYS, FRAMES_KEYS, Metadata, Roles, fitted, read_array
from emotionformer.export.reading.scaler_pickle import scaler_statistics
from emotionformer.export.specification import CLIP, IMAGE, TENSOR, VECTOR, InputSpecification

# The shortest side of a picture that is taken for one.
SIDE = 28
# How many landmarks MediaPipe and others give: a picture is seldom as wide.
LANDMARKS = {17, 18, 21, 25, 33, 42, 51, 66, 67, 68, 70, 75, 76, 98, 106, 133, 137, 194, 468, 478, 543, 553}
# Layers and functions of pictures alone.
PICTURES = {"Resizing", "CenterCrop", "RandomCrop", *AUGMENTATION}
PICTURE_FUNCTIONS = {
    *("Conv", "DepthwiseConv", "SeparableConv", "ConvTranspose", "MaxPool", "AveragePool", "Resize", "RGBToGrayscale"),
    *("nn.conv2d", "nn.depthwise_conv2d", "nn.max_pool", "nn.max_pool2d", "nn.avg_pool", "nn.avg_pool2d", "nn.pool"),
    *("image.resize", "image.rgb_to_grayscale", "image.resize_with_pad", "image.per_image_standardization"),
}
INTEGERS = ("int8", "uint8", "int32", "int64", "bool")
# Numbers that are read as float32: what a layer of the usual policy makes of them.
FLOATS = ("float16", "bfloat16", "float32", "float64")
# What only a clip has, by the argument's name.
CLIP_OPTIONS = {
    "padding_order": "--padding-order",
    "pad_side": "--pad-side",
    "pad_value": "--pad-value",
    "truncate": "--truncate",
    "missing_frame": "--missing-frame",
}
# What clips and vectors have.
FEATURE_OPTIONS = {
    "features": "--features",
    "layout": "--layout",
    "epsilon": "--epsilon",
    "missing_value": "--missing-value",
}


def named_options(option: str, given: Sequence[str], names: Sequence[str], what: str) -> dict[str, str]:
    """`[NAME=]VALUE` by name; without NAME it goes for the only one."""
    result: dict[str, str] = {}
    for text in given:
        name, separator, value = text.rpartition("=")
        if not separator:
            if len(names) != 1:
                raise ExportError(f"{option} {text}: the model has {len(names)} {what} ({_listed(names)}): say NAME=")
            name = names[0]
        if name not in names:
            raise ExportError(f"{option} {text}: the model has no {what[:-1]} of this name: {_listed(names)}")
        if name in result:
            raise ExportError(f"{option}: given twice for '{name}'")
        result[name] = value
    return result


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")


@dataclass
class Inputs:
    """The specifications in the model's order, and what its user should know."""

    items: list[InputSpecification]
    notes: list[str]
    # The number of rows that an input's integers may index.
    limits: list[int]

    @property
    def clip(self) -> InputSpecification | None:
        """The clip, if there is exactly one input and it is a clip."""
        return self.items[0] if len(self.items) == 1 and self.items[0].role == CLIP else None


def described(
    arguments: argparse.Namespace, roles: Roles, declared: Sequence[DeclaredInput], metadata: Metadata
) -> Inputs:
    """What each of the model's inputs is."""
    names = [item.name for item in declared]
    given = named_options(ROLE_OPTION, arguments.input_role, names, "inputs")
    shapes = named_options(SHAPE_OPTION, arguments.input_shape, names, "inputs")
    for name, role in given.items():
        if role not in ROLES:
            raise ExportError(f"{ROLE_OPTION} {name}={role}: expected one of {', '.join(ROLES)}")
    result = Inputs([], [], [])
    for item in declared:
        dtype = _element_type(item)
        if item.name in shapes:
            item.shape = _stated_shape(item, shapes[item.name])
        role = given.get(item.name) or _found_role(item, dtype, len(declared), result.notes)
        _check_role(item, dtype, role)
        make: Callable[..., InputSpecification] = {CLIP: _clip, VECTOR: _vector}.get(role, _tensor)
        specification = make(arguments, item, metadata)
        specification.role, specification.dtype = role, dtype
        if math.prod(specification.extents) > CLIP_ELEMENTS and arguments.frames is None and not arguments.no_limits:
            extents = " × ".join(str(extent) for extent in specification.extents)
            what = f"clips of {specification.frames} frames × {specification.features} features"
            raise ExportError(f"the model takes {what if role == CLIP else f'{extents} numbers'}: {ADVICE}")
        result.items.append(specification)
        result.limits.append(_limit(item) if dtype != "float32" or role == TENSOR else 0)
    _check_options(arguments, roles, declared, result.items)
    _normalize(roles, arguments, result.items)
    return result


def _element_type(item: DeclaredInput) -> str:
    if item.dtype in FLOATS:
        return "float32"
    if item.dtype in INTEGERS:
        return item.dtype
    raise ExportError(f"the model's input '{item.name}' is of type {item.dtype[:40]}, expected numbers")


def _stated_shape(item: DeclaredInput, text: str) -> list[int | None]:
    parts = text.split(",")
    stated = [int(part) for part in parts if part.strip().isascii() and part.strip().isdigit() and len(part) < 10]
    if len(stated) != len(parts) or 0 in stated:
        raise ExportError(f"{SHAPE_OPTION} {item.name}={text}: expected extents such as 30,42")
    shape = item.shape[1:]
    if len(stated) != len(shape) or any(held not in (None, extent) for held, extent in zip(shape, stated)):
        raise ExportError(f"{SHAPE_OPTION} {item.name}={text}: the model takes {_shown(shape)}")
    return [item.shape[0], *stated]


def _shown(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("open" if extent is None else str(extent) for extent in shape) + ")"


def _found_role(item: DeclaredInput, dtype: str, count: int, notes: list[str]) -> str:
    """What is certain of a model's only input: everything else is a tensor, of which nothing is assumed."""
    shape = item.shape[1:]
    if count > 1 or dtype != "float32" or any(layer.class_name == "Embedding" for layer in item.first):
        return TENSOR
    if len(shape) < 3:
        return CLIP if len(shape) == 2 else VECTOR
    if len(shape) > 3:
        return TENSOR
    is_seen = any(_is_of_pictures(layer) for layer in item.way)
    # What a picture leaves open may be large; a clip leaves its frames open.
    sides = [SIDE if extent is None and is_seen else extent or 0 for extent in shape[:2]]
    is_large, has_landmarks = min(sides) >= SIDE, shape[1] in LANDMARKS
    if is_seen and is_large and shape[2] in (1, 3) and not has_landmarks:
        return IMAGE
    if shape[2] not in (2, 3, 4) or (None in shape[1:] and not is_seen):
        return TENSOR
    # Wide frames of a number that no detector gives, and square ones, are as likely pictures of colors.
    is_wide = is_large and shape[2] > 2 and (not has_landmarks or shape[0] == shape[1])
    if not is_seen and not is_wide:
        return CLIP
    notes.append(
        f"input '{item.name}' {_shown(shape)} can be a picture or landmarks of frames: it is taken as a "
        f"tensor; {ROLE_OPTION} {item.name}=image or {item.name}=clip says what it is"
    )
    return TENSOR


def _is_of_pictures(layer: Layer) -> bool:
    """Whether a layer on the way of three axes takes them as height, width and channels."""
    if layer.operator:
        name = str(layer.config.get("function", layer.class_name))
        return name.removeprefix("compat.v1.").removeprefix("raw_ops.") in PICTURE_FUNCTIONS
    parts = [part.layer for part in layer.parts] if layer.class_name == "SpectralNormalization" else []
    is_flat = any("2D" in one.class_name and "LSTM" not in one.class_name for one in (layer, *parts))
    return layer.known and (is_flat or layer.class_name in PICTURES)


def _check_role(item: DeclaredInput, dtype: str, role: str) -> None:
    rank = len(item.shape) - 1
    wanted = {
        CLIP: (dtype == "float32" and rank >= 2, "float32 numbers (frames, features …)"),
        VECTOR: (dtype == "float32" and rank == 1, "float32 numbers (features)"),
        IMAGE: (dtype in ("float32", "uint8") and rank == 3, "numbers (height, width, channels)"),
        TENSOR: (True, ""),
    }
    fits, expected = wanted[role]
    if not fits:
        raise ExportError(
            f"{ROLE_OPTION} {item.name}={role}: the model's input is of type {dtype} and shape "
            f"{_shown(item.shape[1:])}, expected {expected}"
        )


def _clip(arguments: argparse.Namespace, item: DeclaredInput, metadata: Metadata) -> InputSpecification:
    held = item.shape
    frames = _extent(held[1], arguments.frames, metadata.number(FRAMES_KEYS), "--frames") or DEFAULT_FRAMES
    if len(held) == 3:
        axes = [_features(arguments, item, metadata)]
    else:
        if None in held[2:]:
            raise ExportError(
                f"the model leaves open how many landmarks a frame has {_shown(held[1:])}; give {SHAPE_OPTION}"
            )
        axes = [int(extent or 0) for extent in held[2:]]
        if arguments.features not in (None, math.prod(axes)):
            raise ExportError(f"--features {arguments.features}: the model takes {math.prod(axes)}")
    features = math.prod(axes)
    side = SIDES[arguments.pad_side or "end"]
    if side == "none" and held[1] is not None:
        raise ExportError(f"--pad-side none: the model takes exactly {held[1]} frames")
    return InputSpecification(
        name=item.name,
        shape=[1, None if side == "none" else frames, *axes],
        frames=frames,
        features=features,
        layout=_layout(arguments, features),
        epsilon=arguments.epsilon or 0.0,
        padding_value=arguments.pad_value or 0.0,
        padding_side=side,
        padding_order=ORDERS[arguments.padding_order or "before"],
        truncation=TRUNCATIONS[arguments.truncate or "end"],
        missing_frame=arguments.missing_frame or "drop",
        missing_value=arguments.missing_value or "refuse",
    )


def _vector(arguments: argparse.Namespace, item: DeclaredInput, metadata: Metadata) -> InputSpecification:
    features = _features(arguments, item, metadata)
    return InputSpecification(
        name=item.name,
        shape=[1, features],
        features=features,
        layout=_layout(arguments, features),
        epsilon=arguments.epsilon or 0.0,
        missing_value=arguments.missing_value or "refuse",
    )


def _tensor(arguments: argparse.Namespace, item: DeclaredInput, metadata: Metadata) -> InputSpecification:
    """Nothing is assumed: an open extent is given by the user. `--frames` is the first one's of three axes or more."""
    shape = [1, *item.shape[1:]]
    if len(shape) > 2 and shape[1] is None:
        shape[1] = arguments.frames
    if None in shape:
        raise ExportError(
            f"the model's input '{item.name}' leaves extents open {_shown(item.shape[1:])}: give {SHAPE_OPTION} "
            f"{item.name}=N,… with all of them"
        )
    return InputSpecification(name=item.name, shape=list(shape))


def _features(arguments: argparse.Namespace, item: DeclaredInput, metadata: Metadata) -> int:
    """The last extent: the file's, the weights', the user's, the metadata's."""
    held = item.shape[-1] or item.width()
    features = _extent(held, arguments.features, metadata.number(FEATURES_KEYS), "--features")
    if features is None:
        raise ExportError("the model leaves its number of features open; give --features")
    return features


def _extent(held: int | None, asked: int | None, published: int | None, option: str) -> int | None:
    if asked is not None and asked < 1:
        raise ExportError(f"{option} {asked}: expected a positive number")
    if held is not None and asked is not None and held != asked:
        raise ExportError(f"{option} {asked}: the model takes {held}")
    return held or asked or published


def _layout(arguments: argparse.Namespace, features: int) -> str:
    layout: str | None = arguments.layout
    if layout is None:
        layout = "xyz-interleaved" if features == 1434 else "raw"
    if layout.startswith("xyz") and features % 3:
        raise ExportError(f"--layout {layout} makes three features of each landmark, the model takes {features}")
    return layout


def _limit(item: DeclaredInput) -> int:
    """How many rows the tables have that the input's numbers index; 0 if they index none."""
    return min((rows for layer in item.first for rows in _rows(layer)), default=0)


def _rows(layer: Layer) -> list[int]:
    """The lengths of the layer's tables; a custom layer that takes integers can have several."""
    held = layer.bag.values() if not layer.known else [layer.arrays.get("embeddings")]
    if layer.known and layer.class_name != "Embedding":
        return []
    return [int(table.shape[0]) for table in held if table is not None and table.ndim == 2]


def _check_options(
    arguments: argparse.Namespace, roles: Roles, declared: Sequence[DeclaredInput], items: list[InputSpecification]
) -> None:
    """An option that would do nothing is a mistake."""
    held = {item.role for item in items}
    for names, wanted in ((CLIP_OPTIONS, (CLIP,)), (FEATURE_OPTIONS, (CLIP, VECTOR))):
        for name, option in names.items():
            if getattr(arguments, name) is not None and not held.intersection(wanted):
                found = ", ".join(item.role for item in items)
                raise ExportError(f"{option}: the model takes no {' and no '.join(wanted)} ({found})")
    if arguments.frames is not None and CLIP not in held and not any(_leaves_frames(item) for item in declared):
        found = ", ".join(item.role for item in items)
        raise ExportError(f"--frames {arguments.frames}: the model takes no clip and leaves no frames open ({found})")
    if arguments.epsilon is not None and roles.mean is None and roles.scaler is None:
        raise ExportError("--epsilon: there is no standard deviation to add it to; give --mean and --std")
    for item in items:
        if item.padding_side == "none" and len(items) > 1:
            raise ExportError("--pad-side none: the model has other inputs beside the clip")


def _leaves_frames(item: DeclaredInput) -> bool:
    return len(item.shape) > 2 and item.shape[1] is None


def _normalize(roles: Roles, arguments: argparse.Namespace, items: list[InputSpecification]) -> None:
    """Gives the clip or the vector its mean and standard deviation."""
    fitting = [item for item in items if item.role in (CLIP, VECTOR)]
    if roles.mean is None and roles.deviation is None and roles.scaler is None:
        return
    if len(fitting) != 1:
        raise ExportError(
            f"mean and standard deviation go with one clip or one vector, the model has {len(fitting)} of them: "
            f"say with {ROLE_OPTION} NAME=clip which input it is"
        )
    item = fitting[0]
    frames = item.frames if item.role == CLIP else 1
    if roles.mean is not None and roles.deviation is not None:
        means, deviations = read_array(roles.mean, "mean"), read_array(roles.deviation, "std")
        words = "the mean", "the standard deviation"
    elif roles.scaler is not None:
        means, deviations = scaler_statistics(roles.scaler)
        words = f"{roles.scaler.name}'s mean_", f"{roles.scaler.name}'s scale_"
    item.mean = fitted(means, frames, item.features, words[0], item.layout)
    item.deviation = fitted(deviations, frames, item.features, words[1], item.layout)
    _check_deviation(item)


def _check_deviation(description: InputSpecification) -> None:
    deviation = np.asarray(description.deviation)
    shape = (1, description.features) if deviation.ndim < 2 else deviation.shape
    total = np.broadcast_to(deviation, shape) + description.epsilon
    bad = np.argwhere(total <= 0)
    if len(bad):
        raise ExportError(
            f"the standard deviation of feature {int(bad[0][-1])} is not positive; give --epsilon 1e-8 or another file"
        )
