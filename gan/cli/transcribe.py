"""Write what is heard in a recording as MIDI.

python -m gan.cli.transcribe FILE.wav -o FILE.mid
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gan.cli.environment import add_verbose, between, load_tensorflow, quiet_libraries, run_command
from gan.data.progress import terminal_progress
from gan.files import must_be_writable, write_bytes
from gan.listen.heard import TEMPO_MAX, TEMPO_MIN, Heard, corrected, heard_as_midi, transcribe
from gan.listen.reading import read_audio

NAME = "gan.cli.transcribe"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog=NAME, description="Write the notes that are heard in a recording as MIDI."
    )
    add = parser.add_argument
    add("recording", type=Path, help="WAV, FLAC, OGG or MP3; M4A where ffmpeg is installed")
    add("-o", "--output", type=Path, help="MIDI file to write (default: beside the recording)")
    add("--tempo", type=between(TEMPO_MIN, TEMPO_MAX), help="quarters a minute, if you know it")
    add("--shift", type=int, default=0, help="beats by which bars begin later than was heard")
    add("--voices", choices=("auto", "one", "many"), default="auto", help="sounding at a time")
    add_verbose(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command(NAME, run, parse(arguments))


def run(args: argparse.Namespace) -> None:
    """Write the file: its path goes to standard output, what was heard to standard error."""
    target = (args.output or args.recording.with_suffix(".mid")).resolve()
    must_be_writable(target.parent, "The output folder", any_name=True)
    with quiet_libraries(verbose=args.verbose):
        samples, rate = read_audio(args.recording)  # refused before seconds of importing
    load_tensorflow(verbose=args.verbose)
    with terminal_progress("Listening", "window") as progress:
        heard = transcribe(samples, rate, voices=args.voices, progress=progress)
    heard = corrected(heard, tempo=args.tempo, shift=args.shift)
    write_bytes(target, heard_as_midi(heard))
    print(target)
    print(report(heard), file=sys.stderr)


def report(heard: Heard) -> str:
    """What was heard, in a line."""
    kind = "one voice" if heard.one_voice else "several voices"
    return (
        f"{len(heard.notes)} notes of {kind} in {heard.seconds:.1f} s; "
        f"tempo {heard.tempo:.1f}, first bar at {heard.first_beat:.2f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
