"""Processes are found with their children, and run on the given processors."""

import os
import subprocess
import sys

from scripts.benchmark import processes

BUSY = """
import os
while os.times().user < 0.05: pass
print(1, flush=True)
input()
"""


def test_children_are_found_and_counted() -> None:
    # The shell stays, for it has something to do afterwards, and its child waits for our end of the pipe.
    command = ["sh", "-c", f"{sys.executable} -c '{BUSY}'; true"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        child = [pid for pid in processes.tree(shell.pid) if pid != shell.pid]
        assert len(child) == 1
        assert processes.private_megabytes(shell.pid) > processes.private_megabytes(child[0]) > 0
        of_child = processes.processor_seconds(child[0])
        assert processes.processor_seconds(shell.pid) >= of_child > 0
        shell.communicate(b"\n")
    assert processes.processor_seconds(shell.pid) == 0


def test_what_is_started_while_pinned_stays_on_its_core() -> None:
    before = os.sched_getaffinity(0)
    core, _ = processes.cores()
    with processes.pinned(core):
        completed = subprocess.run(
            [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"], capture_output=True, text=True
        )
    assert completed.stdout.strip() == str(core)
    assert os.sched_getaffinity(0) == before
