"""Trainings of a search that take no time: a process that tells a score epoch by epoch."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from pipelines.search.plan import Plan
from pipelines.search.study import Task
from pipelines.search.trial_report import CHANNEL

SCRIPT = f"""
import json, os, pathlib, socket, sys, time
folder, metric, scores, how = sys.argv[1:]
folder, scores = pathlib.Path(folder), json.loads(scores)
channel = socket.socket(fileno=int(os.environ[{CHANNEL!r}]))
folder.mkdir(parents=True, exist_ok=True)
with (folder / "starts").open("a") as file:
    file.write(os.environ.get("MED2D_PARENT_RUN", "") + "\\n")
if how == "fail":
    sys.exit("Traceback\\nError: there is no room")
if how == "kill":
    os.kill(os.getpid(), 9)
(folder / "config.json").write_text("{{}}")
history = folder / "history.csv"
done = len(history.read_text().splitlines()) - 1 if history.exists() else 0
if not done:
    history.write_text("epoch," + metric + "\\n")
for epoch in range(done + 1, len(scores) + 1):
    with history.open("a") as file:
        file.write(str(epoch) + "," + str(scores[epoch - 1]) + "\\n")
    channel.sendall(json.dumps({{"epoch": epoch, "score": scores[epoch - 1]}}).encode() + b"\\n")
    answer = channel.recv(64).strip()
    if answer != b"go":
        print("stopped:", answer)
        break
    while how == "hang":
        time.sleep(0.05)
"""


def score(settings: Mapping[str, Any], epoch: int) -> float:
    """A score that is best at a learning rate of 0.001, and grows with the epochs."""
    from math import log10

    return round(0.9 - 0.2 * abs(log10(settings["learning_rate"]) + 3) - 0.1 / epoch, 4)


class Trials:
    """Gives commands in place of those that train.

    Attributes:
        how: ``fail``, ``kill`` or ``hang`` by the trial's number; others end well at once.
        started: numbers of the trials, in the order in which they were started.
    """

    def __init__(self) -> None:
        self.how: dict[int, str] = {}
        self.started: list[int] = []

    def __call__(self, plan: Plan, task: Task) -> list[str]:
        self.started.append(task.number)
        settings = plan.settings(task.drawn)
        epochs = range(1, settings.get("epochs", 3) + 1)
        scores = json.dumps([score(settings, epoch) for epoch in epochs])
        how = self.how.get(task.number, self.how.get(-1, ""))
        words = (str(task.folder), plan.metric, scores, how)
        return [sys.executable, "-I", "-S", "-c", SCRIPT, *words]
