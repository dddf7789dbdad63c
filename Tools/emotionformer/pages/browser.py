"""A headless Chromium, driven through its DevTools pipe: NUL-separated JSON on two file descriptors, no library
needed."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any


class BrowserError(Exception):
    """The browser did not do what it was asked to."""


class Browser:
    """One page of one browser. What the page requests and logs is kept in `events`."""

    def __init__(self, program: str = "chromium", timeout: float = 60) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._timeout = timeout
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        self._pending: deque[dict[str, Any]] = deque()
        self.events: list[dict[str, Any]] = []
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        # Away from 3 and 4, where the browser expects them.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (commands, answers)]
        os.close(commands)
        os.close(answers)

        def arrange() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        arguments = [
            program,
            "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--force-color-profile=srgb", "--remote-debugging-pipe",
            f"--user-data-dir={self._profile.name}",
            "about:blank",
        ]
        try:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                preexec_fn=arrange, pass_fds=(3, 4),
            )
        except OSError as error:
            raise BrowserError(f"{program} cannot be started ({error.strerror})") from error
        for end in ends:
            os.close(end)
        target = next(
            entry["targetId"] for entry in self.call("Target.getTargets")["targetInfos"] if entry["type"] == "page"
        )
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._session = None
            self.call("Browser.close")
        except (BrowserError, OSError):
            self._process.kill()
        self._process.wait(timeout=self._timeout)
        os.close(self._read)
        os.close(self._write)
        self._profile.cleanup()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a DevTools method."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        limit = time.monotonic() + self._timeout
        while True:
            answer = self._message(limit)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                return dict(answer.get("result", {}))
            self.events.append(answer)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, of a promise's outcome if it is one."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise BrowserError(f"{expression}: {result['exceptionDetails'].get('text')}")
        return result["result"].get("value")

    def open(self, page: Path, width: int, height: int, scheme: str) -> None:
        """Loads a file at a width, in the light or the dark scheme, and waits until it stands."""
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=page.resolve().as_uri())
        limit = time.monotonic() + self._timeout
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._message(limit))
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def screenshot(self, limit: int = 6000) -> bytes:
        """The whole page as PNG, up to so many pixels of its height."""
        import base64

        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], limit), "scale": 1}
        return base64.b64decode(
            self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        )

    def _message(self, limit: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            wait = limit - time.monotonic()
            if wait <= 0 or not select.select([self._read], [], [], wait)[0]:
                raise BrowserError("the browser does not answer")
            data = os.read(self._read, 1 << 16)
            if not data:
                raise BrowserError("the browser has ended")
            self._rest += data
        message, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(message))


def complaints(events: Sequence[dict[str, Any]], page: Path) -> list[str]:
    """What a page asked for beyond itself, logged, or failed at."""
    found: list[str] = []
    own = page.resolve().as_uri()
    for event in events:
        method, values = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            url = str(values["request"]["url"])
            if url != own and not url.startswith("data:"):
                found.append(f"requests {url[:120]}")
        elif method == "Runtime.exceptionThrown":
            details = values["exceptionDetails"]
            found.append(
                f"throws {details.get('exception', {}).get('description', details.get('text'))}".splitlines()[0]
            )
        elif method == "Runtime.consoleAPICalled" and values.get("type") in ("error", "warning", "assert"):
            found.append(f"logs {[entry.get('value', entry.get('description')) for entry in values.get('args', [])]}")
        elif method == "Log.entryAdded" and values["entry"]["level"] in ("error", "warning"):
            found.append(f"logs {values['entry']['text'][:160]}")
    return found
