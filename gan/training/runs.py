"""Training runs that were asked for in the app: a folder and a process each, one after another.

A run's folder holds `order.json` (what was asked for), `mark.json` (how far it is), `log.txt`
(what it printed), `music/` (files that were given to it) and `checkpoint/`, where it trains. Its
process (`gan.cli.queued`) holds a lock in the folder as long as it lives, waits for its turn, and
in the end publishes the checkpoint among the others. So runs outlive tabs and the app, and a
process that was killed is told from one that works.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gan.errors import DataError
from gan.files import file_names, locked, user_folder, write_bytes
from gan.models.checkpoint import CONFIG, read_info
from gan.models.config import FAMILIES
from gan.models.parts import PARTS, read_parts, write_parts
from gan.models.reading import LOG, parse_object
from gan.spec import CHECKPOINTS, ROOT
from gan.training.claim import STATE

ORDER, MARK, LOG_TEXT = "order.json", "mark.json", "log.txt"
MUSIC, CHECKPOINT = "music", "checkpoint"
LOCK, STOP, TURN = ".lock", "stop", ".turn.lock"
LOG_MAX = 1 << 16  # bytes of what a run printed that are shown
MINUTES_MAX = 7 * 24 * 60
NICE = 10  # the app goes first

State = Literal["waiting", "training", "finished", "failed", "stopped"]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to train: `title` is the generator's name for people, `name` its folder's.

    `data_dir` is a folder of music or "bach"; `start_from` a checkpoint folder, whose tracks the
    music is read into; `scheme` counts where there is none. `asked` is the time in seconds.
    """

    title: Annotated[str, Meta(min_length=1, max_length=60)]
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    data_dir: Annotated[str, Meta(min_length=1, max_length=4096)]
    family: Annotated[str, Meta(pattern=f"^({'|'.join(FAMILIES)})$")]
    minutes: Annotated[float, Meta(gt=0, le=MINUTES_MAX)]
    scheme: Annotated[str, Meta(max_length=20)] = "auto"
    start_from: Annotated[str, Meta(max_length=4096)] | None = None
    asked: float = 0.0


class Mark(msgspec.Struct, frozen=True):
    """How far a run is; `sentence` says why it failed, or under which name it was published."""

    state: State
    sentence: str = ""


@dataclass(frozen=True)
class Run:
    """A run's folder as it is now; `alive` is whether its process is there."""

    folder: Path
    order: Order
    mark: Mark
    alive: bool

    @property
    def checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    @property
    def state(self) -> State | Literal["interrupted"]:
        """The mark's, unless the process that should go on is gone."""
        if self.mark.state in ("waiting", "training") and not self.alive:
            return "interrupted"
        return self.mark.state

    @property
    def can_go_on(self) -> bool:
        """Whether there is a state to go on from."""
        return (self.checkpoint / STATE).is_file()


def runs_folder() -> Path:
    return user_folder() / "runs"


def list_runs() -> list[Run]:
    """All runs, the latest first; folders that are none, or damaged, are passed over."""
    found = []
    for folder in runs_folder().glob("[!.]*"):
        with suppress(DataError):
            found.append(read_run(folder))
    return sorted(found, key=lambda run: (-run.order.asked, run.folder.name))


def read_run(folder: Path) -> Run:
    """A run; `DataError` where the folder holds none."""
    order = _read(folder / ORDER, Order)
    mark = _read(folder / MARK, Mark)
    return Run(folder, order, mark, _is_held(folder / LOCK))


def free_name(title: str, taken: Mapping[str, Any]) -> str:
    """A folder's name for a generator of that title, which no other has."""
    return file_names([*taken, title])[-1]


@contextmanager
def new_run() -> Iterator[Path]:
    """A folder for a run that is to be ordered; it goes if that fails. Music goes into `MUSIC`."""
    root = runs_folder()
    root.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = root / f"{time.strftime('%Y%m%d-%H%M%S')}-{number}"
        try:
            folder.mkdir()
            break
        except FileExistsError:
            number += 1
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def place(folder: Path, order: Order) -> None:
    """Order a run in its folder, and start its process."""
    write_bytes(folder / ORDER, msgspec.json.encode(order))
    start(folder)


def start(folder: Path) -> None:
    """Start a run's process, which waits for its turn, begins or goes on, and outlives the app."""
    (folder / STOP).unlink(missing_ok=True)
    mark(folder, Mark("waiting"))
    threads = str(max(1, (os.cpu_count() or 2) - 1))
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": threads, "PYTHONUNBUFFERED": "1"}
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    with (folder / LOG_TEXT).open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "gan.cli.queued", str(folder)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **apart,
        )
    _wait_until_alive(folder)


def _wait_until_alive(folder: Path, seconds: float = 10.0) -> None:
    """Until the process has its lock, so that nobody takes it for gone."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not _is_held(folder / LOCK):
        time.sleep(0.05)


def ask_to_stop(run: Run) -> None:
    """End a run after its present step; what it has learnt until then is finished."""
    write_bytes(run.folder / STOP, b"")


def remove(run: Run) -> None:
    """Delete a run with all its files; a generator that it has published stays."""
    if run.alive:
        raise DataError("The run is still at work: stop it first.")
    shutil.rmtree(run.folder)


def mark(folder: Path, value: Mark) -> None:
    write_bytes(folder / MARK, msgspec.json.encode(value))


def printed(run: Run) -> str:
    """The end of what a run printed, without what progress bars have overwritten."""
    try:
        with (run.folder / LOG_TEXT).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_MAX))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n")).strip()


def is_next(run: Run) -> bool:
    """Whether no run that was asked for earlier still waits."""
    return not any(
        other.mark.state == "waiting" and other.alive and other.order.asked < run.order.asked
        for other in list_runs()
    )


def publish(run: Run, root: Path = CHECKPOINTS) -> Path:
    """Put a run's checkpoint among the others, whole or not at all; returns its folder.

    Where its name has been taken meanwhile, it gets another one.
    """
    parts = read_parts(run.checkpoint, PARTS)
    config = parse_object(run.checkpoint, CONFIG, parts[CONFIG])
    trained_on = f"Trained on {Path(run.order.data_dir).name}" if run.order.data_dir else ""
    if (run.folder / MUSIC).is_dir():
        trained_on = "Trained on files of your own"
    config["about"] = {"title": run.order.title, "summary": f"{trained_on[:190]}."}
    parts[CONFIG] = msgspec.json.format(msgspec.json.encode(config), indent=1)
    beside = root / f".{run.order.name}.{os.getpid()}.tmp"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        write_parts(beside, parts)
        with suppress(FileNotFoundError):
            shutil.copyfile(run.checkpoint / LOG, beside / LOG)
        read_info(beside)  # whatever is wrong with it is told before it is among the others
        while True:
            taken = [path.name for path in root.iterdir() if path != beside]
            goal = root / free_name(run.order.name, dict.fromkeys(taken))
            try:
                beside.rename(goal)
            except FileExistsError:
                continue
            return goal
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with locked(path, wait=False):
            return False
    except BlockingIOError:
        return True


def _read(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise DataError(f"{path} cannot be used ({error}).") from error
