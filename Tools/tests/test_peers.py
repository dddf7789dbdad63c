"""The comparison with other runtimes: statistics, the protocol with peers that are slow, wrong or dead, table and
chart."""

from __future__ import annotations

import json
import os
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emotionformer.errors import PeersError, ToolError
from emotionformer.peers import chart, landmarker, own, preparation, table
from emotionformer.peers.bars import all_bars, bars, landmarker_bars
from emotionformer.peers.coldstart import measured
from emotionformer.peers.command import main
from emotionformer.peers.contestants import OURS, Entry, Files, Setting, Way, entries
from emotionformer.peers.correctness import Agreement
from emotionformer.peers.measure import Round
from emotionformer.peers.protocol import Contestant, interleaved
from emotionformer.peers.statistics import Summary, quantile
from emotionformer.places import ROOT, TOOLS

# A peer: answers counts with timings of its own making, after some arithmetic; writes outputs if it is asked to.
PEER = """
import json, sys, time
milliseconds, outputs, mode = float(sys.argv[1]), sys.argv[2], sys.argv[3]
if "--outputs" in sys.argv:
    open(sys.argv[sys.argv.index("--outputs") + 1], "w").write(outputs)
for turn, line in enumerate(sys.stdin):
    if mode == "tires" and turn == 3: time.sleep(60)
    if mode == "leaves" and turn == 3: sys.exit("enough")
    if mode == "dies": sys.exit("it is broken")
    if mode == "silent": time.sleep(60)
    if mode == "talks": print("hello", flush=True); continue
    count = int(line) - (mode == "short")
    time.sleep(milliseconds * count / 1000)
    print(json.dumps({"milliseconds": [milliseconds] * count}), flush=True)
"""
KERAS = [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]


def peer(milliseconds: float = 1, outputs: Any = KERAS, mode: str = "") -> tuple[str, ...]:
    return (sys.executable, "-c", PEER, str(milliseconds), json.dumps(outputs), mode)


def entry(engine: str, *commands: tuple[str, ...]) -> Entry:
    return Entry(
        engine, "float32", Setting("base", 1, 1), tuple(Way(str(at), each) for at, each in enumerate(commands))
    )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "keras.json").write_text(json.dumps(KERAS), "utf-8")
    return Files(tmp_path, tmp_path / "emotionformer", Path(sys.executable), TOOLS)


def test_quantiles_are_linear_between_ranks() -> None:
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([1, 2], 0.5) == 1.5
    assert quantile([5], 0.9) == 5
    assert Summary.of([4, 1, 3, 2, 5]) == Summary(1, 1.4, 3, 4.6, 5)
    with pytest.raises(ValueError, match="^no samples$"):
        quantile([], 0.5)


def test_turns_are_interleaved_and_each_has_its_time() -> None:
    """Both have what was asked for, and each sample is what that contestant said."""
    with Contestant("a", peer(2)) as a, Contestant("b", peer(5)) as b:
        samples = interleaved([a, b], 0.05, turn=0.01)
    assert [set(taken) for taken in samples if isinstance(taken, list)] == [{2.0}, {5.0}]
    assert all(isinstance(taken, list) and sum(taken) >= 50 for taken in samples)


def test_who_fails_during_the_race_is_out_and_the_others_go_on() -> None:
    """A peer that answers no more, and one that dies, each after it had answered."""
    with Contestant("good", peer(2)) as good, Contestant("late", peer(2, mode="tires"), timeout=1) as late:
        with Contestant("gone", peer(2, mode="leaves")) as gone:
            good_samples, late_error, gone_error = interleaved([good, late, gone], 0.2, turn=0.01)
    assert isinstance(good_samples, list) and sum(good_samples) >= 200
    assert isinstance(late_error, PeersError) and "late: no answer within 1 s" in str(late_error)
    assert isinstance(gone_error, PeersError) and "gone: ended with code 1: enough" in str(gone_error)


def test_a_resting_contestant_uses_no_processor_time() -> None:
    """A process that spins all the time stands still while others have their turns, and goes on afterwards."""
    spinning = (
        "import threading, sys\ndef spin():\n  while True: pass\nthreading.Thread(target=spin, daemon=True).start()\n"
    )
    with Contestant("spinning", (sys.executable, "-c", spinning + PEER, "1", "[]", "")) as contestant:
        contestant.timed(1)
        stat = Path(f"/proc/{contestant._process.pid}/schedstat")
        if not stat.exists():
            pytest.skip("the system does not tell a process's time")
        contestant.rest()
        time.sleep(0.05)

        def spent() -> int:
            tasks = Path(f"/proc/{contestant._process.pid}/task").glob("*/schedstat")
            return sum(int(task.read_text().split()[0]) for task in tasks)

        before = spent()
        time.sleep(0.1)
        assert spent() == before
        contestant.timed(1)
        assert spent() > before


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("dies", "it is broken"),
        ("silent", "no answer within"),
        ("talks", "not a line of timings"),
        ("short", "2 positive timings"),
    ],
)
def test_a_broken_contestant_is_an_error_in_one_line(mode: str, message: str) -> None:
    with Contestant("broken", peer(mode=mode), timeout=0.5 if mode == "silent" else 30) as contestant:
        with pytest.raises(PeersError, match=message) as caught:
            contestant.timed(2)
    assert "\n" not in str(caught.value) and str(caught.value).startswith("broken: ")
    assert contestant._process.poll() is not None


def test_a_contestant_that_is_not_there() -> None:
    with pytest.raises(PeersError, match="does not start"):
        Contestant("none", ("/no/such/program",))


def test_the_right_the_wrong_and_the_dead(files: Files) -> None:
    """The wrong one is flagged although it is the fastest, the dead one told, and the right one measured."""
    wrong = [[0.2, 0.7, 0.1], KERAS[1]]
    said: list[str] = []
    results = Round(files, 0.02, said.append).run(
        [entry("right", peer(5)), entry("wrong", peer(0.5, wrong)), entry("dead", peer(mode="dies"))]
    )
    found = {result.entry.engine: result for result in results}
    assert found["right"].agreement.problem is None and found["right"].summary is not None
    assert "from Keras" in (found["wrong"].agreement.problem or "")
    assert "it is broken" in (found["dead"].agreement.problem or "") and found["dead"].summary is None
    assert len(said) == 2


def test_the_fastest_way_is_taken(files: Files) -> None:
    result = Round(files, 0.02, lambda _: None).run([entry("two ways", peer(9), peer(1))])[0]
    assert result.way.name == "1"


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (KERAS, None),
        ([[0.7 + 5e-6, 0.2, 0.1], KERAS[1]], None),
        ([[0.7 + 5e-5, 0.2, 0.1], KERAS[1]], "from Keras"),
        ([[float("nan"), 0.2, 0.1], KERAS[1]], "finite"),
        (KERAS[:1], "1 rows"),
        ([row[::-1] for row in KERAS], "from Keras"),
    ],
)
def test_outputs_against_keras(found: Any, problem: str | None) -> None:
    told = Agreement.of(found, KERAS, "float32").problem
    assert told is None if problem is None else problem in (told or "")


def test_int8_has_its_own_bound() -> None:
    near = [[0.68, 0.21, 0.11], KERAS[1]]
    assert Agreement.of(near, KERAS, "float32").problem
    assert Agreement.of(near, KERAS, "int8").problem is None


def document(ours: float = 6.0, problem: str | None = None) -> dict[str, Any]:
    """An earlier run's, small."""
    runs = []
    for model, batch in (("base", 1), ("bilstm", 1), ("base", 32)):
        for threads in (1, 2):
            for engine, precision, median in (
                (OURS, "float32", ours),
                ("LiteRT", "float32", 10.0),
                ("OpenVINO", "float32", 8.0),
                (OURS, "int8", 3.0),
                ("LiteRT", "int8", 5.0),
            ):
                wrong = problem if engine == "OpenVINO" else None
                runs.append(
                    {
                        "model": model,
                        "batch": batch,
                        "threads": threads,
                        "engine": engine,
                        "precision": precision,
                        "way": "",
                        "difference": 1e-7,
                        "problem": wrong,
                        "milliseconds": {
                            "minimum": median,
                            "p10": median,
                            "median": median / threads,
                            "p90": median * 1.2,
                            "count": 9,
                        },
                    }
                )
    cold = [
        {
            "model": "base",
            "engine": engine,
            "precision": precision,
            "milliseconds": {"median": time, "p10": time, "p90": time},
            "peakBytes": 30 << 20,
        }
        for engine, time in ((OURS, 20.0), ("LiteRT", 160.0))
        for precision in ("float32", "int8")
    ]
    return {
        "machine": {"processor": "A < B & C", "instructionSet": "avx512", "cores": 2, "system": "Linux"},
        "versions": {},
        "batch": 32,
        "seconds": 1,
        "runs": runs,
        "coldStart": cold,
        "extra": {
            "shareOfPeak": 0.8,
            "portableAgainstBLAS": 1.4,
            "twoThreadsInCompany": 1.0,
            "sixtyFrames": 0.3,
        },
    }


def test_bars_hold_and_are_missed() -> None:
    found = {bar.name: bar for bar in bars(document())}
    best = found["base, 1 thread: float32 / best peer of it"]
    assert best.value == pytest.approx(0.75) and best.limit == 0.78 and best.verdict == "holds"
    assert found["base, 1 thread: int8 / best of LiteRT and ONNX Runtime"].value == pytest.approx(0.6)
    assert found["base, 1 thread: int8 / float32"].value == pytest.approx(0.5)
    assert found["bilstm, 2 threads: float32 / OpenVINO float32"].verdict == "holds"
    assert found["bilstm, 2 threads: int8 / ONNX Runtime int8"].verdict == "not measured"
    assert found["base, 32 clips, 2 threads: float32 / best peer of it"].value == pytest.approx(0.75)
    assert found["base, float32: 2 threads / 1 thread"].value == pytest.approx(0.5)
    assert found["base, float32, one core busy: 2 threads / 1 thread"].verdict == "holds"
    assert found["bundled model: 60 frames / 300 frames"].verdict == "missed"
    assert found["base, portable, 1 thread / its products by OpenBLAS"].verdict == "missed"
    assert found["base, float32, 1 thread / its products at the FMA peak"].value == pytest.approx(1.25)
    assert found["peak memory: int8"].verdict == "missed" and found["peak memory: float32"].verdict == "holds"
    assert found["cold start: float32 / LiteRT float32"].limit == 0.20
    assert found["xyz, 1 thread: int8 / float32"].verdict == "not measured"
    assert all(bar.verdict != "holds" for bar in bars(document(ours=60)) if "float32 / best" in bar.name)


def test_each_level_has_its_bars() -> None:
    run = document()
    run["machine"]["instructionSet"] = "avx2"
    found = {bar.name: bar for bar in bars(run)}
    assert found["base, 1 thread: float32 / best peer of it"].limit == 0.80
    assert found["base, float32, 1 thread / its products at the FMA peak"].verdict == "missed"
    run["machine"]["instructionSet"] = "portable"
    assert bars(run) == []


def test_the_engine_beside_itself(tmp_path: Path, files: Files) -> None:
    """The ratio is that of the medians of both sets of options, and the program that keeps a core busy ends."""
    executable = tmp_path / "emotionformer"
    executable.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        "milliseconds = 3.0 if '60' in sys.argv or sys.argv[-1] == '2' else 12.0\n"
        "for line in sys.stdin:\n    print(json.dumps({'milliseconds': [milliseconds] * int(line)}), flush=True)\n",
        "utf-8",
    )
    executable.chmod(0o755)
    here = replace(files, executable=executable)
    assert own.of_frames(here, 60, 300, 0.1) == pytest.approx(0.25)
    assert own.in_company(here, "base", 0.1) in (None, pytest.approx(0.25))
    with own.busy_core() as process:
        assert process.poll() is None
    assert process.poll() is not None


def test_who_is_wrong_takes_part_in_no_ratio() -> None:
    found = {bar.name: bar for bar in bars(document(problem="another best class"))}
    assert found["bilstm, 1 thread: float32 / OpenVINO float32"].verdict == "not measured"
    assert found["base, 1 thread: float32 / best peer of it"].value == pytest.approx(0.6)
    assert found["base, 32 clips, 2 threads: float32 / best peer of it"].value == pytest.approx(0.6)
    assert "WRONG: another best class" in table.runs(document(problem="another best class"))


def test_the_table_has_every_number() -> None:
    text = table.runs(document())
    assert "base, one clip" in text and "base, 32 clips" in text and "A < B" not in text
    assert text.count("LiteRT") == 8 and "6.00 (6.00–7.20)" in text and "30.0" in text
    assert "0.75  holds" in table.ratios(bars(document()))


def landmarker_document(mesh: float = 3.0) -> dict[str, Any]:
    def times(median: float) -> dict[str, float]:
        return {"minimum": median, "p10": median, "median": median, "p90": median * 1.2, "count": 9}

    networks = [
        {"network": name, "threads": threads, "engine": engine, "milliseconds": times(median / threads)}
        for name, ours, other in (("mesh", mesh, 5.0), ("detector", 0.9, 1.0), ("blendshapes", 0.6, 0.6))
        for threads in (1, 2)
        for engine, median in ((OURS, ours), ("LiteRT", other))
    ]
    found = {
        "networks": networks,
        "frame": {OURS: times(4), "MediaPipe": times(10)},
        "video": {OURS: times(600), "MediaPipe and LiteRT": times(1000)},
        "peakBytes": 30 << 20,
    }
    return {**document(), "runs": [], "coldStart": [], "extra": {}, "landmarker": found}


def test_the_landmarker_has_bars_and_rows_of_its_own() -> None:
    assert landmarker_bars(document()) == [] and table.landmarker(document()) == ""
    found = {bar.name.removeprefix("landmarker: "): bar for bar in all_bars(landmarker_document())}
    assert len(found) == 7 and found["mesh network, 1 thread / LiteRT"].value == pytest.approx(0.6)
    verdicts = {name: bar.verdict for name, bar in found.items()}
    assert verdicts["mesh network, 1 thread / LiteRT"] == "holds"
    assert verdicts["detector network, 1 thread / LiteRT"] == "missed"
    assert verdicts["blendshapes network, 1 thread / LiteRT"] == "holds"
    assert verdicts["tracked frame, processor time / MediaPipe"] == "holds"
    assert verdicts["video to emotion / MediaPipe and LiteRT"] == "missed"
    assert verdicts["peak memory"] == "holds"
    assert landmarker_bars(landmarker_document(mesh=4.1))[0].verdict == "missed"
    assert "| landmarker: mesh network, 1 thread ÷ LiteRT | 0.80 | 0.60 |" in table.limits(
        landmarker_bars(landmarker_document())
    )
    text = table.landmarker(landmarker_document())
    assert text.count("LiteRT") == 7 and "600 (600–720)" in text


def test_a_run_of_the_landmarker_alone_is_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "landmarker.json"
    file.write_text(json.dumps(landmarker_document()), "utf-8")
    assert main(["--from", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "tracked frame" in shown and "base" not in shown
    assert main(["--from", str(file), "--markdown"]) == 0
    assert capsys.readouterr().out.count("\n") == 9


def test_processor_time_is_that_of_the_process_alone() -> None:
    spin = "import time\nwhile time.process_time() < 0.4: pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}])"
    assert landmarker.processor_time([sys.executable, "-c", spin]) >= 0.3
    assert landmarker.processor_time([sys.executable, "-c", child]) < 0.3
    with pytest.raises(PeersError, match="ended with code 1: it is broken"):
        landmarker.processor_time([sys.executable, "-c", "import sys; sys.exit('it is broken')"])


def test_a_bundle_without_the_networks(tmp_path: Path) -> None:
    task = tmp_path / "face_landmarker.task"
    task.write_bytes(b"no zip")
    who = landmarker.Landmarkers(tmp_path, tmp_path, tmp_path, tmp_path, task=task)
    with pytest.raises(PeersError, match="no bundle of the landmarker"):
        landmarker.networks_beside_litert(who, 1)


def test_the_chart_is_well_formed_and_to_scale() -> None:
    root = ElementTree.fromstring(chart.chart(document()))
    name = "{http://www.w3.org/2000/svg}"
    bars_drawn = [each for each in root.iter(f"{name}rect") if "bar" in each.get("class", "").split()]
    assert len(bars_drawn) == 4 * 5
    widths = [float(each.get("width", "0")) for each in bars_drawn[:5]]
    assert widths[0] / widths[1] == pytest.approx(6 / 8, rel=0.01)
    labels = " ".join("".join(each.itertext()) for each in root.iter(f"{name}text"))
    assert "A < B & C" in labels and "base, 32 clips, 2 threads" in labels
    right = max(float(each.get("x", "0")) + float(each.get("width", "0")) for each in bars_drawn)
    assert right <= chart.WIDTH - 40
    wrong = ElementTree.fromstring(chart.chart(document(problem="wrong")))
    assert "OpenVINO" not in "".join(wrong.itertext())


def test_every_engine_takes_part_in_every_setting(files: Files) -> None:
    for batch in (1, 32):
        found = {(each.engine, each.precision) for each in entries(files, Setting("base", batch, 2), 32)}
        assert len(found) == 7 and (OURS, "int8") in found and ("OpenVINO", "float32") in found


def test_engines_that_are_installed_take_part(files: Files) -> None:
    """MNN and NNCF, each with the files that it could convert."""
    whole = replace(files, mnn=Path("/mnn/python"), nncf=Path("/nncf/python"))
    here = Setting("base", 32, 2)
    assert len(entries(whole, here, 32)) == 7
    for name in ("f32.mnn", "nncf-int8.xml"):
        (files.model("base") / name).touch()
    found = {(each.engine, each.precision): each for each in entries(whole, here, 32)}
    assert set(found) >= {("MNN", "float32"), ("OpenVINO", "int8")} and ("MNN", "int8") not in found
    names = [way.name for way in found["OpenVINO", "int8"].ways]
    assert names == ["one batched input, static, by NNCF", "a clip a thread, static, by NNCF"]
    assert {way.command[0] for way in found["MNN", "float32"].ways} == {"/mnn/python"}
    assert len(entries(files, here, 32)) == 7


@pytest.mark.parametrize("error", [ToolError("the packages cannot be installed\nmore"), SystemExit(1)])
def test_an_engine_that_cannot_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(*_: Any) -> Path:
        raise error

    said: list[str] = []
    monkeypatch.setattr(preparation, "interpreter", fails)
    assert preparation._further("MNN", "peers-mnn", "mnn_file", tmp_path, ["base"], "", said.append) is None
    assert len(said) == 1 and said[0].startswith("without MNN: ") and "more" not in said[0]


def test_what_a_runtime_prints_is_no_answer() -> None:
    """As MNN does, from a library's own code."""
    program = (
        "import os, sys\nfrom emotionformer.peers import runner\noutput = runner.answers()\n"
        "os.write(1, b'The device supports nothing\\n')\nrunner.serve(lambda clips: clips, None, output)\n"
    )
    with Contestant("loud", (sys.executable, "-c", program), {"PYTHONPATH": str(TOOLS)}) as loud:
        assert len(loud.timed(3)) == 3


def test_an_engine_that_cannot_convert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is said, and the next run tries again."""
    said: list[str] = []
    (tmp_path / "base").mkdir()
    monkeypatch.setattr(preparation, "interpreter", lambda *_: Path("/bin/false"))
    found = preparation._further("MNN", "peers-mnn", "mnn_file", tmp_path, ["base"], "", said.append)
    assert found == Path("/bin/false") and said[-1].startswith("without MNN on base: base for MNN: ")
    assert not list((tmp_path / "base").iterdir())


COMMITTED = sorted((ROOT / "Benchmarks").glob("peers*.json"))


@pytest.mark.parametrize("file", COMMITTED, ids=lambda file: file.name)
def test_readme_has_the_committed_runs(file: Path) -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    rows = table.against(json.loads(file.read_text("utf-8")))
    assert len(rows) > 6
    start = lines.index(rows[0])
    assert lines[start : start + len(rows)] == rows


def test_the_level_is_told() -> None:
    old = document()
    del old["machine"]["instructionSet"]
    assert bars(old) == []
    assert "base, one clip, instruction set unknown: median" in table.runs(old)
    old["machine"]["instructionSet"] = "avx2"
    assert "base, one clip, AVX2: median" in table.runs(old)
    assert table.against(old)[0].startswith("| AVX2: this engine ÷ | base, 1 thread |")
    assert "| LiteRT, float32 | 0.60 | 0.60 |" in "\n".join(table.against(old))


def test_a_process_is_measured_from_its_start() -> None:
    """The time is to the first line, and memory is the process's own, however large the one that measures is."""
    ballast = bytearray(os.urandom(1 << 20) * 100)
    program = "import time, sys; time.sleep(0.2); print(1, flush=True); time.sleep(0.6)"
    milliseconds, peak = measured((sys.executable, "-S", "-c", program))
    assert milliseconds >= 200
    assert peak < 60 << 20 < len(ballast)
    with pytest.raises(PeersError, match="no good"):
        measured((sys.executable, "-c", "import sys; sys.exit('no good')"))


def test_an_earlier_run_is_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps(document()), "utf-8")
    assert main(["--from", str(file), "--svg", str(tmp_path / "chart.svg")]) == 0
    assert "holds" in capsys.readouterr().out and (tmp_path / "chart.svg").read_text("utf-8").startswith("<svg")
    file.write_text(json.dumps(document(problem="wrong")), "utf-8")
    assert main(["--from", str(file)]) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"runs": 1}'])
def test_a_file_that_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(text, "utf-8")
    assert main(["--from", str(file)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "options,expected",
    [
        ("--models all", "names of base, xyz, bilstm, landmarker with commas between them (found 'all')"),
        ("--models base,base", "names of base, xyz, bilstm, landmarker with commas between them (found 'base,base')"),
        ("--seconds 0", "a number above 0, at most 3600 (found '0')"),
        ("--seconds x", "a number above 0, at most 3600 (found 'x')"),
    ],
)
def test_bad_options(options: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        main(options.split())
    named = f"bench-peers: argument {options.split()[0]}: {expected} (see --help)\n"
    assert capsys.readouterr().err == named


@pytest.mark.parametrize("run", sorted((ROOT / "Benchmarks").glob("peers*.json")), ids=lambda run: run.name)
def test_the_readme_has_the_ratios_of_the_committed_runs(run: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    lines = table.against(json.loads(run.read_text("utf-8")))
    assert len(lines) > 3 and "\n".join(lines) in readme
    spoilt = [line.replace("0.6", "0.5") for line in lines]
    assert spoilt != lines and "\n".join(spoilt) not in readme


@pytest.mark.parametrize("run", sorted((ROOT / "Benchmarks").glob("landmarker-*.json")), ids=lambda run: run.name)
def test_the_readme_has_the_landmarkers_figures(run: Path) -> None:
    lines = table.limits(landmarker_bars(json.loads(run.read_text("utf-8"))))
    assert len(lines) == 9 and "\n".join(lines) in (ROOT / "README.md").read_text("utf-8")
