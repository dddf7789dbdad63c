"""Swift faults are compiled in together: each stands beside what it replaces, and the environment chooses one.

A fault's `replace` is an expression in place of the expression `find`; or, where it contains the word FAULT, it stands
as it is, with FAULT being whether the fault is chosen.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath

from emotionformer.errors import MutationError
from emotionformer.mutation.faults import Fault, place

CHOICE = "EMOTIONFORMER_FAULT"
TRACE = "EMOTIONFORMER_FAULT_REACHED"
SUPPORT = "MutationSwitch.swift"

# One in each module: modules have no module below them all. A file says that the place of the fault was reached.
SWITCH = f"""#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

private let chosenFault: Int = {{
    guard let text = getenv("{CHOICE}") else {{ return 0 }}
    return Int(String(cString: text)) ?? 0
}}()

private let isReached: Bool = {{
    if let path = getenv("{TRACE}") {{ close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)) }}
    return true
}}()

@inline(never)
func faultIsOn(_ number: Int) -> Bool {{ number == chosenFault && isReached }}
"""


def modules_of(faults: dict[int, Fault], shared: dict[str, list[str]]) -> set[str]:
    """The folders of Sources whose modules need the switch; `shared` has those that compile another folder's files."""
    found = {PurePosixPath(fault.file).parts[1] for fault in faults.values()}
    return {user for folder in found for user in shared.get(folder, [folder])}


def planted(texts: dict[str, str], faults: dict[int, Fault]) -> dict[str, str]:
    """The files with all faults in them, by number."""
    edits: defaultdict[str, list[tuple[int, int, str, Fault]]] = defaultdict(list)
    for number, fault in faults.items():
        start = place(fault, texts[fault.file])
        chosen = f"faultIsOn({number})"
        if "FAULT" in fault.replace:
            text = fault.replace.replace("FAULT", chosen)
        else:
            text = f"({chosen} ? ({fault.replace}) : ({fault.find}))"
        edits[fault.file].append((start, start + len(fault.find), text, fault))
    result: dict[str, str] = {}
    for file, changes in edits.items():
        parts: list[str] = []
        position = 0
        previous: Fault | None = None
        for start, end, text, fault in sorted(changes, key=lambda change: change[0]):
            if previous and start < position:
                raise MutationError(f"{fault.name} and {previous.name} overlap in {file}: make one smaller")
            parts += [texts[file][position:start], text]
            position = end
            previous = fault
        result[file] = "".join(parts) + texts[file][position:]
    return result
