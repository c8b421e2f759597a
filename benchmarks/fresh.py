"""What a fresh process does, run by `benchmarks.run` in a process of its own: prints one line of JSON.

python -m benchmarks.fresh first-step lamina     seconds from before the import to the end of the first training step
python -m benchmarks.fresh memory torch          peak memory of 20 steps of the widest network, in MB
"""

# The clock starts before anything is imported that the interpreter had not imported by itself.
import time

BEGIN = time.perf_counter()

import json
import resource
import sys

from benchmarks import models, timing


def peak_memory() -> float:
    """The most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def first_step(contender: str) -> dict[str, float]:
    """Import, build, train once, read the loss."""
    step = models.CONTENDERS[contender](models.ROWS["small50"])
    timing.read(step())
    return {"seconds": time.perf_counter() - BEGIN}


def memory(contender: str) -> dict[str, float]:
    """Train the small network once, for what the library itself takes, then the wide one."""
    timing.read(models.CONTENDERS[contender](models.ROWS["small50"])())
    library = peak_memory()
    step = models.CONTENDERS[contender](models.ROWS["wide"])
    for _ in range(20):
        loss = step()
    timing.read(loss)
    return {"MB": peak_memory(), "library MB": library}


if __name__ == "__main__":
    print(json.dumps({"first-step": first_step, "memory": memory}[sys.argv[1]](sys.argv[2])))
