"""Opens pages in headless Chromium, light and dark, at several widths: each must ask for nothing beyond itself, log no
error and fit its width; what can be moved is moved. Writes a screenshot of each."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from emotionformer.console.output import say
from emotionformer.pages.browser import Browser, BrowserError, complaints

WIDTHS = {1280: 1800, 390: 844, 360: 740}
SCHEMES = ("light", "dark")
# The widths that are worth looking at.
SHOWN = (1280, 390)

# A page that does everything wrong: proves that the checks can fail.
CONTROL = """<!doctype html><meta charset="utf-8"><title>control</title><div style="width:3000px">wide</div>
<img src="http://127.0.0.1:9/x.png"><script>console.error("logged"); missing();</script>"""


def overflow(browser: Browser) -> list[str]:
    wide = browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"is {wide} pixels wider than its window"] if wide > 0 else []


def unreadable(browser: Browser) -> list[str]:
    """Text that is smaller than nine pixels on the screen."""
    small = browser.evaluate(
        """(() => { for (const node of document.querySelectorAll("svg text")) {
             const size = parseFloat(getComputedStyle(node).fontSize) * node.getScreenCTM().a;
             if (size < 9) return `${node.textContent}: ${size.toFixed(1)} pixels`; } return null; })()"""
    )
    return [f"has letters that are too small ({small})"] if small else []


def moved(browser: Browser) -> list[str]:
    """A clip's page: the scrubber by key, playing, pausing, and another head of the attention."""
    if not browser.evaluate("!!document.getElementById('scrub')"):
        return []
    found: list[str] = []
    place = "Number(document.getElementById('scrub').value)"
    last = browser.evaluate("Number(document.getElementById('scrub').max)")
    browser.evaluate("document.getElementById('scrub').focus()")
    for kind in ("rawKeyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="ArrowLeft", code="ArrowLeft", windowsVirtualKeyCode=37)
    if last > 0 and browser.evaluate(place) != last - 1:
        found.append("the scrubber does not follow the arrow keys")
    if last > 0 and f"frame {last - 1} of" not in browser.evaluate("document.getElementById('place').textContent"):
        found.append("the frame's number does not follow the scrubber")
    browser.evaluate(
        "document.getElementById('scrub').value = 0; document.getElementById('scrub').dispatchEvent(new Event('input'))"
    )
    browser.evaluate("document.getElementById('play').click()")
    browser.evaluate("new Promise(done => setTimeout(done, 400))")
    if last > 0 and not browser.evaluate(place) > 0:
        found.append("nothing plays")
    if browser.evaluate("document.getElementById('play').textContent") == "Pause":
        browser.evaluate("document.getElementById('play').click()")
    heads = "document.getElementById('layer')"
    if browser.evaluate(f"!!{heads} && {heads}.options.length > 1"):
        before = browser.evaluate("document.getElementById('strip').toDataURL()")
        browser.evaluate(f"{heads}.value = 1; {heads}.dispatchEvent(new Event('change'))")
        browser.evaluate(
            "(head => { head.value = head.options.length - 1; head.dispatchEvent(new Event('change')); })"
            "(document.getElementById('head'))"
        )
        if browser.evaluate("document.getElementById('strip').toDataURL()") == before:
            found.append("another head's attention looks the same")
    return found


def check(browser: Browser, page: Path, width: int, scheme: str, output: Path | None) -> list[str]:
    browser.open(page, width, WIDTHS[width], scheme)
    if output is not None:
        output.write_bytes(browser.screenshot())
    found = overflow(browser) + unreadable(browser) + moved(browser)
    return found + complaints(browser.events, page)


def elements(browser: Browser, page: Path) -> list[str]:
    """Every element of a page once its script has run, with its attributes' names."""
    browser.open(page, 1280, WIDTHS[1280], "light")
    found: list[str] = browser.evaluate(
        "[...document.querySelectorAll('*')].map(each => [each.tagName, ...each.getAttributeNames().sort()].join(' '))"
    )
    return found


def different(browser: Browser, plain: Path, other: Path) -> list[str]:
    """What a page has that its twin with plain names has not."""
    one, two = elements(browser, plain), elements(browser, other)
    if one == two:
        return []
    place = next((index for index, pair in enumerate(zip(one, two)) if pair[0] != pair[1]), min(len(one), len(two)))
    return [
        f"{other.name} has other elements than {plain.name}, from number {place} on: {(two[place:] or ['none'])[0]}"
    ]


def control(browser: Browser) -> list[str]:
    """What is missing in the complaints about a page that deserves them all."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "control.html"
        page.write_text(CONTROL, "utf-8")
        found = " / ".join(check(browser, page, 360, "light", None))
        twin = Path(folder) / "twin.html"
        twin.write_text(CONTROL.replace("wide<", "<b>wide</b><"), "utf-8")
        found += "" if different(browser, page, twin) else "no twin"
    if found.endswith("no twin"):
        return ["the check did not notice an element more than in a page's twin"]
    return [
        f"the check did not notice that a page {word}"
        for word in ("is ", "requests ", "logs ", "throws ")
        if word not in found
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="check-pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: Tools/check-pages -o screenshots page.html",
    )
    parser.add_argument("pages", nargs="+", type=Path, metavar="PAGE")
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="where the screenshots go")
    parser.add_argument(
        "--twins",
        nargs=2,
        type=Path,
        metavar="PAGE",
        help="two pages that must have the same elements, whatever their names",
    )
    parser.add_argument("--browser", default="chromium", help="the browser's command (default chromium)")
    arguments = parser.parse_args()
    bad = 0
    try:
        if arguments.output:
            arguments.output.mkdir(parents=True, exist_ok=True)
        with Browser(arguments.browser) as browser:
            for line in control(browser):
                say("check-pages", line)
                bad += 1
            for line in different(browser, *arguments.twins) if arguments.twins else []:
                say("check-pages", line)
                bad += 1
            for page in arguments.pages:
                for width in WIDTHS:
                    for scheme in SCHEMES:
                        name = f"{page.stem}-{width}-{scheme}.png"
                        shown = arguments.output / name if arguments.output and width in SHOWN else None
                        for line in check(browser, page, width, scheme, shown):
                            say("check-pages", f"{page.name}, {width} pixels, {scheme}: {line}")
                            bad += 1
    except (BrowserError, OSError) as error:
        say("check-pages", error)
        return 1
    if bad == 0:
        say("check-pages", f"{len(arguments.pages)} pages are well")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
