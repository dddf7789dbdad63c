"""A contestant's process: counts go in, timings come out; stopped while others run."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from emotionformer.errors import PeersError


class Contestant:
    """One process that answers every line with a count n by {"milliseconds": [n numbers]}.

    Between its turns the process is stopped by a signal, so that threads which wait by spinning take nothing from the
    others.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None, timeout: float = 120
    ) -> None:
        self.name = name
        self.timeout = timeout
        self._buffer = b""
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **(environment or {})},
                bufsize=0,
            )
        except OSError as error:
            self._errors.close()
            raise PeersError(f"{name}: {command[0]} does not start ({error.strerror})") from error
        self._stopped = False

    def timed(self, count: int) -> list[float]:
        """Milliseconds of so many predictions, now."""
        self._signal(signal.SIGCONT)
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(f"{count}\n".encode())
        except OSError as error:
            raise self._died() from error
        return self._samples(self._line(), count)

    def rest(self) -> None:
        """Stops the process until its next turn."""
        self._signal(signal.SIGSTOP)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Contestant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _signal(self, number: signal.Signals) -> None:
        stops = number == signal.SIGSTOP
        if stops != self._stopped and self._process.poll() is None:
            self._process.send_signal(number)
            self._stopped = stops

    def _line(self) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None
        end = time.monotonic() + self.timeout
        while b"\n" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise PeersError(f"{self.name}: no answer within {self.timeout:g} s")
            part = os.read(stdout.fileno(), 1 << 16)
            if not part:
                raise self._died()
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line

    def _samples(self, line: bytes, count: int) -> list[float]:
        try:
            samples = json.loads(line)["milliseconds"]
            numbers = [float(sample) for sample in samples]
        except (ValueError, KeyError, TypeError) as error:
            raise PeersError(f"{self.name}: the answer is not a line of timings (found {line[:80]!r})") from error
        if len(numbers) != count or not all(0 < number < float("inf") for number in numbers):
            raise PeersError(f"{self.name}: {count} positive timings were asked for (found {line[:80]!r})")
        return numbers

    def _died(self) -> PeersError:
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            pass
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines() or ["without a word"]
        return PeersError(f"{self.name}: ended with code {self._process.poll()}: {lines[-1][:300]}")


def interleaved(
    contestants: Sequence[Contestant], seconds: float, turn: float = 0.08
) -> list[list[float] | PeersError]:
    """Milliseconds of each contestant, in turns of about `turn` seconds, until each has had `seconds` of them.

    Every round begins with another contestant. The first prediction of a turn is not counted: it finds cold caches, and
    threads that slept. One that fails is out of the race, and its error takes the place of its timings.
    """
    samples: list[list[float]] = [[] for _ in contestants]
    failures: dict[int, PeersError] = {}
    counts = [2] * len(contestants)

    def take(index: int) -> None:
        try:
            samples[index] += contestants[index].timed(counts[index] + 1)[1:]
        except PeersError as error:
            failures[index] = error
        contestants[index].rest()

    for index in range(len(contestants)):
        take(index)
        if index not in failures:
            counts[index] = max(1, round(turn * 1000 / min(samples[index])))
            samples[index].clear()
    begin = 0
    while any(sum(taken) < seconds * 1000 for index, taken in enumerate(samples) if index not in failures):
        for step in range(len(contestants)):
            index = (begin + step) % len(contestants)
            if index not in failures:
                take(index)
        begin += 1
    return [failures.get(index, taken) for index, taken in enumerate(samples)]
