"""Commands: what they say where, and how they fail."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan.cli import environment
from gan.errors import DataError
from gan.spec import ROOT


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


@pytest.mark.parametrize("name", ["train", "generate", "evaluate", "tune"])
def test_commands_start_without_tensorflow(name: str) -> None:
    code = f"import sys, gan.cli.{name}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_scripts_at_the_root_run_their_commands() -> None:
    for script in ("train.py", "generate.py"):
        command = [sys.executable, str(Path(ROOT, script)), "--help"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (found.returncode, found.stderr) == (0, "")
        assert found.stdout.startswith(f"usage: {script} ")
