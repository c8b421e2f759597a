"""`make bench`: time everything, write `benchmarks/results/` and, with --readme, the table in README.md.

python -m benchmarks.run --rows small50,deep --contenders lamina,torch,limit --rounds 9
python -m benchmarks.run --device cuda --output h100
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import loops, models, networks, timing
from benchmarks.apart import Contender
from benchmarks.place import Place

HERE = Path(__file__).parent
MARKS = ("<!-- benchmarks: begin -->", "<!-- benchmarks: end -->")
OTHER_ROWS = ("first_step", "memory", "recording")
CONTENDERS: dict[type, dict[str, Any]] = {
    models.Row: models.CONTENDERS,
    networks.Network: networks.CONTENDERS,
    loops.Loop: loops.CONTENDERS,
}
"""Who takes part, by the kind of the row."""
ROWS: dict[str, Any] = {**models.ROWS, **networks.NETWORKS, **loops.LOOPS}
MEMORY_KEYS = (("", "MB"), (" by itself", "library MB"))
Times = dict[str, list[float]]
GOALS = {"cold": 0.9, "warm": 0.6, "memory": 1.0, "recording": 2e-6}


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", help=f"of {', '.join((*ROWS, *OTHER_ROWS))}; default: all")
    parser.add_argument("--contenders", help=f"of {', '.join(models.CONTENDERS)}; default: all that are installed")
    parser.add_argument("--rounds", type=int, default=15, help="how often the contenders take turns")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of one turn")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="for all contenders")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where all contenders compute")
    parser.add_argument(
        "--precision", choices=("highest", "high"), default="highest",
        help="how all contenders multiply float32 matrices on a GPU: exactly, or by TF32",
    )  # fmt: skip
    parser.add_argument("--output", default="latest", help="name of the files in benchmarks/results/")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    arguments = parser.parse_args()
    place = Place(arguments.device, arguments.precision)
    use_threads(arguments.threads)
    os.environ.update(place.environment())

    others = OTHER_ROWS if place.device == "cpu" else ()
    rows = arguments.rows.split(",") if arguments.rows else [*ROWS, *others]
    for name in rows:
        if name not in ROWS and name not in OTHER_ROWS:
            parser.error(f"--rows: no row is called {name}")
        if name not in ROWS and name not in others:
            parser.error(f"--rows: {name} is measured on the CPU only")
    contenders = models.available(arguments.contenders.split(",") if arguments.contenders else None)
    results: dict[str, Any] = {"machine": machine(arguments.threads, contenders, place), "rows": {}}
    noise: list[float] = []
    # Processes of their own come first, while this one holds little memory and no threads.
    if "first_step" in rows:
        results["rows"]["first_step"] = report("first_step", measure_first_step(contenders, noise))
        keep(results, arguments.output, noise)
    if "memory" in rows:
        results["rows"]["memory"] = report("memory", measure_memory(contenders))
        keep(results, arguments.output, noise)
    for name in rows:
        if name in ROWS:
            times = measure(ROWS[name], contenders, place, arguments.rounds, arguments.seconds, noise)
            results["rows"][name] = report(name, times)
            keep(results, arguments.output, noise)
    if "recording" in rows and "lamina" in contenders:
        results["rows"]["recording"] = report("recording", measure_recording())

    if max(noise, default=0.0) > timing.QUIET:
        print(f"Other processes took up to {max(noise):.0%} of a processor: measure again when they have ended.")

    text = keep(results, arguments.output, noise)
    print(f"\n{text}")
    if arguments.readme:
        write_into(HERE.parent / "README.md", text)


def keep(results: dict[str, Any], name: str, noise: list[float]) -> str:
    """Write what has been measured so far, so that a run that is cut short loses nothing; the table."""
    results["machine"]["busy elsewhere"] = f"{max(noise, default=0.0):.0%}"
    text = table(results)
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "results" / f"{name}.md").write_text(text + "\n")
    return text


def use_threads(count: int) -> None:
    """Give every contender `count` threads: XLA takes one for each processor it may use, PyTorch what it is told."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(count)


def machine(threads: int, contenders: list[str], place: Place) -> dict[str, Any]:
    """What the numbers depend on."""
    packages = ["jax", *(name for name in contenders if name not in ("limit", "lamina"))]
    versions = {name: importlib.metadata.version(name) for name in packages}
    here = {"processor": processor(), "threads": threads, "python": platform.python_version(), **versions}
    return here if place.device == "cpu" else {**here, "device": place.name(), "products": place.precision}


def processor() -> str:
    """The name of the processor, where the system tells it."""
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def measure(row: Any, contenders: list[str], place: Place, rounds: int, seconds: float, noise: list[float]) -> Times:
    """Seconds per step of each contender, round by round, after a check that they all begin with the same loss."""
    known = CONTENDERS[type(row)]
    given = (networks.start(row),) if isinstance(row, networks.Network) else ()
    with contextlib.ExitStack() as ends:
        found = {name: Contender(prepared, place, row.name, name, *given) for name in contenders if name in known}
        for contender in found.values():
            ends.callback(contender.close)
        first = {name: contender.answer() for name, contender in found.items()}
        middle = statistics.median(first.values())
        for name, value in first.items():
            if abs(value - middle) > 1e-3 * abs(middle):
                raise RuntimeError(f"{row.name}: the first result of {name} is {value}, the others have {middle}.")
        return timing.interleave(found, rounds, seconds, noise)


def prepared(place: Place, row: str, contender: str, *given: Any) -> Any:
    """The training step of a row by a contender."""
    place.enter(contender)
    return CONTENDERS[type(ROWS[row])][contender](ROWS[row], *given)


def measure_first_step(contenders: list[str], noise: list[float], rounds: int = 5) -> Times:
    """Seconds from import to the end of the first step, in fresh processes; lamina's with an empty and a full cache."""

    def one_round(turn: int) -> dict[str, float]:
        with tempfile.TemporaryDirectory() as cache:
            runs = [("lamina cold", "lamina"), ("lamina warm", "lamina")] if "lamina" in contenders else []
            runs += [(name, name) for name in contenders if name != "lamina"]
            return {label: fresh("first-step", name, LAMINA_CACHE_DIR=cache)["seconds"] for label, name in runs}

    for package in ("lamina", "benchmarks"):
        compileall.compile_dir(HERE.parent / package, quiet=1)  # as installing it does; the others are installed
    one_round(-1)  # fetches files from disk
    return columns(timing.quiet_rounds(one_round, rounds, noise))


def measure_memory(contenders: list[str], rounds: int = 3) -> Times:
    """Peak memory of the wide network's training in MB, and what of it the library takes by itself."""

    def one_round(turn: int) -> dict[str, float]:
        found = {name: fresh("memory", name) for name in contenders}
        return {f"{name}{suffix}": found[name][key] for name in found for suffix, key in MEMORY_KEYS}

    return columns([one_round(turn) for turn in range(rounds)])


def columns(rounds: list[dict[str, float]]) -> Times:
    """Rounds of numbers by name as lists by name."""
    return {name: [found[name] for found in rounds] for name in rounds[0]}


def fresh(*arguments: str, **environment: str) -> dict[str, float]:
    """Run `benchmarks.fresh` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.fresh", *arguments]
    done = subprocess.run(
        command, cwd=HERE.parent, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure_recording(operations: int = 1000, rounds: int = 30) -> Times:
    """Seconds to record one operation, without running it, the way there being known."""
    import lamina

    x, y = lamina.ones(10), lamina.full((10,), 0.5)
    times = []
    for turn in range(rounds + 3):
        lamina.synchronize()
        z = x
        begin = time.perf_counter()
        for _ in range(operations // 2):
            z = z * y + x
        taken = time.perf_counter() - begin
        timing.read(z)
        if turn >= 3:
            times.append(taken / operations)
    return {"lamina": times}


def report(name: str, values: Times) -> dict[str, Any]:
    """What is kept of a row: each contender's median and all its rounds. Also says it on the screen."""
    medians = {who: statistics.median(found) for who, found in values.items()}
    print(f"{name:14}", *(f"{who} {median:.4g}" for who, median in medians.items()), sep="  ", flush=True)
    return {"median": medians, "rounds": values}


def table(results: dict[str, Any]) -> str:
    """The results in Markdown."""
    rows = results["rows"]
    present = {who for name in rows if name in ROWS for who in rows[name]["median"]}
    contenders = [name for name in models.CONTENDERS if name in present]
    lines = []
    if contenders:
        titles = [models.TITLES[name] for name in contenders]
        lines.append(f"| training step | {' | '.join(titles)} | lamina / PyTorch | lamina / by hand |")
        lines.append("| --- |" + " ---: |" * (len(titles) + 2))
        for name, row in ROWS.items():
            if name in rows:
                cells = [duration(rows[name]["median"].get(who)) for who in contenders]
                times = rows[name]["rounds"]
                cells.append(beside(timing.ratio(times, "lamina", "torch"), row.goal_torch))
                cells.append(beside(timing.ratio(times, "lamina", "limit"), row.goal_limit))
                lines.append(f"| {row.title} | {' | '.join(cells)} |")
        lines.append("")
    others = list(other_lines(rows))
    if others:
        lines += ["| | lamina | PyTorch | lamina / PyTorch |", "| --- | ---: | ---: | ---: |", *others, ""]
    described = ", ".join(f"{name} {value}" for name, value in results["machine"].items() if name != "processor")
    lines.append(f"Medians; goals in brackets. {results['machine']['processor']}; {described}.")
    return "\n".join(lines)


def other_lines(rows: dict[str, Any]) -> Any:
    """Lines for what is not a time per step."""
    if "first_step" in rows:
        times, medians = rows["first_step"]["rounds"], rows["first_step"]["median"]
        for kind, title in (("cold", "empty disk cache"), ("warm", "warm disk cache")):
            found = beside(timing.ratio(times, f"lamina {kind}", "torch"), GOALS[kind])
            ours, theirs = duration(medians.get(f"lamina {kind}")), duration(medians.get("torch"))
            yield f"| fresh process: import to the end of the first step, {title} | {ours} | {theirs} | {found} |"
    if "memory" in rows:
        times, medians = rows["memory"]["rounds"], rows["memory"]["median"]
        ours, theirs = (f"{medians[who]:.0f} MB" if who in medians else "" for who in ("lamina", "torch"))
        found = beside(timing.ratio(times, "lamina", "torch"), GOALS["memory"])
        yield f"| peak memory, {models.ROWS['wide'].title} | {ours} | {theirs} | {found} |"
    if "recording" in rows:
        ours = duration(rows["recording"]["median"]["lamina"])
        yield f"| recording one operation | {ours} (at most {duration(GOALS['recording'])}) | | |"


def duration(seconds: float | None) -> str:
    """Seconds in a unit that fits."""
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size or unit == "us":
            return f"{seconds / size:.3g} {unit}"
    raise AssertionError


def beside(found: float | None, goal: float | None) -> str:
    """A ratio, and in brackets what it should be at most."""
    if found is None:
        return ""
    return f"{found:.2f}" if goal is None else f"{found:.2f} ({goal:.2f})"


def write_into(page: Path, text: str) -> None:
    """Replace what stands between the marks."""
    before, rest = page.read_text().split(MARKS[0])
    _, after = rest.split(MARKS[1])
    page.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
