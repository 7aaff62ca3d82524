"""Commands: what they say where, and how they fail."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gan.cli import environment, evaluate, generate, sliders, train, tune
from gan.errors import DataError
from gan.spec import ROOT
from gan.training.claim import claimed


def failing(error: BaseException) -> int:
    def run(_args: argparse.Namespace) -> None:
        raise error

    return environment.run_command("it.py", run, argparse.Namespace(verbose=False))


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (DataError("There is nothing."), 2, "it.py: There is nothing.\n"),
        (
            OSError(28, "No space left on device", "/a/b"),
            2,
            "it.py: Cannot read or write /a/b: No space left on device.\n",
        ),
        (OSError("odd"), 2, "it.py: odd\n"),
        (KeyboardInterrupt(), 130, "it.py: Interrupted.\n"),
    ],
)
def test_a_command_fails_in_one_sentence(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(error) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", said)


def test_verbose_shows_where_an_error_arose(capsys: pytest.CaptureFixture[str]) -> None:
    def run(_args: argparse.Namespace) -> None:
        raise DataError("There is nothing.")

    assert environment.run_command("it.py", run, argparse.Namespace(verbose=True)) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("verbose", [False, True])
def test_other_programs_leave_standard_output_alone(
    verbose: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    with environment.quiet_libraries(verbose=verbose):
        os.system("echo chatter")
    print("a path")
    captured = capfd.readouterr()
    assert captured.out == "a path\n"
    assert captured.err == ("chatter\n" if verbose else "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--batch_size", "12"], "batch_size must be a multiple of 8"),
        (["--samples", "0"], "at least 8 samples"),
        (["--evaluate_every", "0"], "at least 1"),
        (["--dropout", "1"], "dropout"),
        (["--start_from", "nowhere"], "nowhere"),
        (["--checkpoint_dir", __file__ + "/run"], "test_cli.py"),
    ],
)
def test_a_run_that_cannot_be_is_refused_before_data_is_read(
    options: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(train, "ingest", None)
    assert train.main(["--data_dir", "songs", *options]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("train.py: ")
    assert said in captured.err
    assert captured.err.count("\n") == 1


def test_a_second_run_into_a_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with claimed(tmp_path / "run", resume=False):
        code = train.main(["--data_dir", "songs", "--checkpoint_dir", str(tmp_path / "run")])
    assert code == 2
    assert "Another run is writing" in capsys.readouterr().err


def test_phrases_that_cannot_be_written_are_refused_before_tensorflow_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "load_tensorflow", None)
    assert generate.main(["--output_dir", __file__ + "/out"]) == 2
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize("command", [tune, evaluate, sliders])
def test_too_few_samples_are_refused(command: ModuleType) -> None:
    with pytest.raises(SystemExit) as left:
        command.main(["--checkpoint_dir", "x", "--samples", "0"])
    assert left.value.code == 2


@pytest.mark.parametrize("name", ["train", "generate", "evaluate", "tune", "sliders", "transcribe"])
def test_commands_start_without_tensorflow(name: str) -> None:
    code = f"import sys, gan.cli.{name}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_scripts_at_the_root_run_their_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")  # where pyfluidsynth would print into a command's output
    for script in ("train.py", "generate.py"):
        command = [sys.executable, str(Path(ROOT, script)), "--help"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (found.returncode, found.stderr) == (0, "")
        assert found.stdout.startswith(f"usage: {script} ")
