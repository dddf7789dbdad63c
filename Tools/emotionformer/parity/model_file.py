"""What a comparison needs to know of a TensorFlow Lite file, read with LiteRT's own schema objects."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from emotionformer.errors import ParityError

_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
# Below these many bytes of weights a model counts as small.
_FULL_SIZE = 1_000_000
# Where operands of integers make the operator compute in them, by the position of its weights.
_DYNAMIC_RANGE = {"FULLY_CONNECTED": 1, "CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "BATCH_MATMUL": 1}
# Weights of 8 and of 4 bits.
_SMALL = (schema.TensorType.INT8, schema.TensorType.INT4)
_QUANTIZED = (schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT16)
_SEQUENCES = ("UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM")
# Operands in which a fused LSTM keeps its state.
_STATES = {"UNIDIRECTIONAL_SEQUENCE_LSTM": (18, 19), "BIDIRECTIONAL_SEQUENCE_LSTM": (35, 36, 37, 38)}


@dataclass(frozen=True)
class Operator:
    """An operator of the main subgraph."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    # Whether it quantizes a float operand at run time, to multiply it with int8 or int4 weights.
    is_dynamic_range: bool
    # Whether it computes in quantized integers, or makes floats of them.
    is_integer: bool = False

    @property
    def is_recurrence(self) -> bool:
        return self.name in _SEQUENCES or self.name == "WHILE"

    @property
    def label(self) -> str:
        return f"operator {self.index} ({self.name})"


@dataclass(frozen=True)
class Tensor:
    """A tensor of the main subgraph; an extent of -1 is open."""

    name: str
    shape: tuple[int, ...]
    is_constant: bool
    is_variable: bool
    # Whether its elements can be read: a handle of a variable's has none.
    has_elements: bool = True


@dataclass
class ModelFile:
    """The main subgraph of a file."""

    path: Path
    operators: list[Operator]
    tensors: list[Tensor]
    inputs: list[int]
    outputs: list[int]
    # The operand of the softmax that makes the first output.
    logits: int | None
    parameter_count: int
    is_dynamic_range: bool = field(init=False)
    is_integer: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_dynamic_range = any(operator.is_dynamic_range for operator in self.operators)
        self.is_integer = any(operator.is_integer for operator in self.operators)

    @property
    def is_all_integer(self) -> bool:
        """Whether no operator computes in floats."""
        return self.is_integer and all(operator.is_integer for operator in self.operators)

    @property
    def kind(self) -> str:
        if self.is_integer:
            return "fully integer" if self.is_all_integer else "integer and float"
        return "dynamic-range int8" if self.is_dynamic_range else "float"

    @property
    def is_alone(self) -> bool:
        """Whether each operator is compared alone, on LiteRT's operands, with LiteRT's default kernels."""
        return self.is_dynamic_range or self.is_integer

    @property
    def is_full_size(self) -> bool:
        return self.parameter_count >= _FULL_SIZE

    @property
    def states(self) -> set[int]:
        """Tensors in which a fused LSTM leaves its last state, whatever made them."""
        return {
            operator.inputs[position]
            for operator in self.operators
            for position in _STATES.get(operator.name, ())
            if position < len(operator.inputs)
        }

    @property
    def fed(self) -> list[int]:
        """The tensors that operators take and that the file does not hold."""
        operands = {t for operator in self.operators for t in operator.inputs if t >= 0} | set(self.inputs)
        return sorted(
            t
            for t in operands
            if self.tensors[t].has_elements and not self.tensors[t].is_constant and not self.tensors[t].is_variable
        )

    @property
    def has_variables(self) -> bool:
        """Whether it keeps numbers from one run to the next."""
        return any(operator.name == "VAR_HANDLE" for operator in self.operators)


def read(path: Path) -> ModelFile:
    """Reads the main subgraph's operators and tensors. Raises ParityError if the file is none of the format's."""
    model = read_objects(path)
    graph = model.subgraphs[0]
    tensors = [_tensor(model, tensor) for tensor in graph.tensors]
    operators = [_operator(model, graph, index, operator) for index, operator in enumerate(graph.operators)]
    outputs = [int(t) for t in graph.outputs]
    softmax = [o for o in operators if o.name == "SOFTMAX" and outputs and o.outputs[0] == outputs[0]]
    return ModelFile(
        path=path,
        operators=operators,
        tensors=tensors,
        inputs=[int(t) for t in graph.inputs],
        outputs=outputs,
        logits=softmax[0].inputs[0] if softmax else None,
        parameter_count=_parameter_count(model, graph),
    )


def read_objects(path: Path) -> Any:
    """The file as the schema's mutable objects."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ParityError(f"{path}: cannot be read ({error.strerror})") from error
    if content[4:8] != b"TFL3":
        raise ParityError(f"{path}: this is not a TensorFlow Lite file")
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
    except (struct.error, TypeError, ValueError, IndexError) as error:
        raise ParityError(f"{path}: the file is damaged") from error
    if not model.subgraphs or model.subgraphs[0].operators is None:
        raise ParityError(f"{path}: the file has no operators")
    return model


def flex_operators(path: Path) -> list[str]:
    """The file's operators of TensorFlow's own (SELECT_TF_OPS), by name."""
    model = read_objects(path)
    names = {operator_name(model, operator) for graph in model.subgraphs for operator in graph.operators or []}
    return sorted(name for name in names if name.startswith("Flex"))


def operator_name(model: Any, operator: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
    if builtin == schema.BuiltinOperator.CUSTOM and code.customCode:
        return code.customCode.decode("utf-8", "replace")
    return _NAMES.get(builtin, f"operation {builtin}")


def _tensor(model: Any, tensor: Any) -> Tensor:
    shape = tensor.shapeSignature if tensor.shapeSignature is not None else tensor.shape
    data = model.buffers[tensor.buffer].data
    return Tensor(
        name=(tensor.name or b"").decode("utf-8", "replace"),
        shape=tuple(int(extent) for extent in (shape if shape is not None else [])),
        is_constant=data is not None and len(data) > 0,
        is_variable=bool(tensor.isVariable),
        has_elements=tensor.type not in (schema.TensorType.RESOURCE, schema.TensorType.VARIANT),
    )


def _operator(model: Any, graph: Any, index: int, operator: Any) -> Operator:
    name = operator_name(model, operator)
    inputs = tuple(int(t) for t in (operator.inputs if operator.inputs is not None else []))

    def is_small(tensor: int) -> bool:
        return tensor >= 0 and graph.tensors[tensor].type in _SMALL

    def is_quantized(tensor: int) -> bool:
        if tensor < 0:
            return False
        found = graph.tensors[tensor]
        data = model.buffers[found.buffer].data
        is_constant = data is not None and len(data) > 0
        return found.type in _QUANTIZED and not is_constant and _has_scale(found)

    position = _DYNAMIC_RANGE.get(name)
    weights = inputs[position : position + 1] if position is not None else ()
    if name in _SEQUENCES:
        weights = inputs[1:]
    outputs = tuple(int(t) for t in operator.outputs)
    is_integer = any(is_quantized(t) for t in (*inputs, *outputs))
    return Operator(
        index=index,
        name=name,
        inputs=inputs,
        outputs=outputs,
        is_dynamic_range=not is_integer
        and (any(is_small(t) for t in weights) or (name == "WHILE" and _calls_dynamic_range(model))),
        is_integer=is_integer,
    )


def _has_scale(tensor: Any) -> bool:
    quantization = tensor.quantization
    return quantization is not None and quantization.scale is not None and len(quantization.scale) > 0


def _calls_dynamic_range(model: Any) -> bool:
    """Whether a loop's body may multiply with int8 weights: some other subgraph than the first does."""
    return any(
        _operator(model, graph, index, operator).is_dynamic_range
        for graph in model.subgraphs[1:]
        for index, operator in enumerate(graph.operators)
        if operator_name(model, operator) != "WHILE"
    )


def _parameter_count(model: Any, graph: Any) -> int:
    """Constants' elements that are numbers of the model, not shapes: a buffer counts once."""
    types = schema.TensorType
    seen: dict[int, int] = {}
    for part in model.subgraphs:
        for tensor in part.tensors:
            data = model.buffers[tensor.buffer].data
            bits = {types.FLOAT32: 32, types.FLOAT16: 16, types.INT8: 8, types.INT4: 4}.get(tensor.type)
            if data is not None and bits is not None:
                seen[tensor.buffer] = len(data) * 8 // bits
    return sum(seen.values())
