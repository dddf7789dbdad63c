"""Which entry point of a file with several signatures is compared, by the rule that the engine has, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flatbuffers

from emotionformer.errors import ParityError
from emotionformer.parity.model_file import read_objects

_SERVED = "serving_default"


def opened_at(path: Path, name: str | None, scratch: Path) -> Path:
    """The file, or a copy in `scratch` whose first subgraph, which LiteRT's `invoke()` runs, is that of the signature.

    Raises ParityError, with the names that there are, if no signature has the name, or without one if several could be
    meant.
    """
    model = read_objects(path)
    chosen = _chosen(path, model.signatureDefs or [], name)
    if chosen is None or chosen.subgraphIndex == 0:
        return path
    _put_first(model, int(chosen.subgraphIndex))
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    copy = scratch / path.name
    copy.write_bytes(bytes(builder.Output()))
    return copy


def _chosen(path: Path, signatures: list[Any], name: str | None) -> Any:
    listed = ", ".join(f"'{_key(signature)}'" for signature in signatures)
    if name is not None:
        found = [signature for signature in signatures if _key(signature) == name]
        if len(found) == 1:
            return found[0]
        expected = listed or "no name, because the file has no signatures"
        raise ParityError(f"{path}: the file has no signature of this name (found '{name}', expected {expected})")
    served = [one for one in signatures if _key(one) == _SERVED and one.subgraphIndex == 0]
    if len({_entry(signature) for signature in signatures}) < 2:
        return signatures[0] if signatures else None
    if len(served) == 1:
        return served[0]
    raise ParityError(f"{path}: the file has several entry points: choose one by --signature (found {listed})")


def _key(signature: Any) -> str:
    return str((signature.signatureKey or b"").decode("utf-8", "replace"))


def _entry(signature: Any) -> tuple[Any, ...]:
    ends = [[(item.name, item.tensorIndex) for item in end or []] for end in (signature.inputs, signature.outputs)]
    return signature.subgraphIndex, *(tuple(end) for end in ends)


def _put_first(model: Any, index: int) -> None:
    """Changes the places of the first subgraph and another one, and every mention of them."""
    graphs = model.subgraphs
    graphs[0], graphs[index] = graphs[index], graphs[0]
    moved = {0: index, index: 0}
    for graph in graphs:
        for operator in graph.operators or []:
            for options in (operator.builtinOptions, operator.builtinOptions2):
                for field in vars(options) if options is not None else ():
                    if field == "subgraph" or field.lower().endswith("subgraphindex"):
                        setattr(options, field, moved.get(getattr(options, field), getattr(options, field)))
    for signature in model.signatureDefs:
        signature.subgraphIndex = moved.get(signature.subgraphIndex, signature.subgraphIndex)
