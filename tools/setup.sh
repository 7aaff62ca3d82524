#!/bin/sh
# Installs what the app ("run") or the tests ("test") need; make calls it.
#
#   tools/setup.sh run         .venv with requirements.txt; FluidSynth
#   tools/setup.sh test        .venv with requirements-dev.txt; FluidSynth; Chromium
#   tools/setup.sh js          tools/js/node_modules: what checks assets/player
#   tools/setup.sh soundfont   the FluidR3 soundfont
#
# Debian and Ubuntu (root or sudo) and macOS (Homebrew); elsewhere the system's packages are
# left to the user. What is already there is left alone. Python and, for the tests, Chromium
# and Node.js are needed; without FluidSynth the app plays built-in tones, so its failure is a
# warning.
set -eu

cd "$(dirname "$0")/.."
VENV=.venv
UPDATED=no

say() { printf '%s\n' "setup: $*"; }
fail() { printf '%s\n' "setup: $*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

system() {
    case "$(uname -s)" in
        Darwin) echo mac ;;
        Linux) if has apt-get; then echo apt; else echo other; fi ;;
        *) echo other ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif has sudo; then
        if [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
    else say "'$*' needs root or sudo" >&2; return 1
    fi
}

# Recommended packages are left out: fluidsynth recommends a desktop program (qsynth); the
# library itself depends on a soundfont.
apt_install() {
    say "apt-get install $*"
    if [ $UPDATED = no ]; then as_root apt-get update -qq >/dev/null || return 1; UPDATED=yes; fi
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# A Python from 3.11 to 3.13 that can make a virtual environment.
usable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
        >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        if usable "$PYTHON"; then echo "$PYTHON"; fi
        return 0
    fi
    for name in python3 python3.13 python3.12 python3.11; do
        if has $name && usable $name; then echo $name; return; fi
    done
}

install_python() {
    case "$(system)" in
        apt)
            apt_install python3 python3-venv || return 0
            [ -n "$(find_python)" ] && return
            for version in 3.13 3.12 3.11; do  # a release whose own Python is older or newer
                if apt-cache show python$version-venv >/dev/null 2>&1; then
                    apt_install python$version python$version-venv && return
                fi
            done ;;
        mac) if has brew; then brew install python@3.13 || true; fi ;;
    esac
    return 0
}

make_venv() {
    [ -x $VENV/bin/python ] && usable $VENV/bin/python && return
    python=$(find_python)
    if [ -z "$python" ] && [ -z "${PYTHON:-}" ]; then install_python; python=$(find_python); fi
    [ -n "$python" ] || fail "no Python 3.11 to 3.13 with venv was found${PYTHON:+ at $PYTHON}." \
        "Install one, then: make run PYTHON=/path/to/python3.13"
    say "making $VENV with $($python --version)"
    "$python" -m venv --clear $VENV
}

pip_install() {
    say "installing $1 (a few minutes the first time)"
    $VENV/bin/python -m pip install --quiet --disable-pip-version-check -r "$1" \
        || fail "pip could not install $1; the lines above say why."
}

fluidsynth_ready() { has fluidsynth && $VENV/bin/python -c 'import fluidsynth' >/dev/null 2>&1; }

install_fluidsynth() {
    [ "$(system)" != mac ] || export HOMEBREW_PREFIX="${HOMEBREW_PREFIX:-/opt/homebrew}"
    fluidsynth_ready && return
    say "installing FluidSynth"
    case "$(system)" in
        apt) apt_install fluidsynth || true ;;
        mac) if has brew; then brew install fluid-synth || true; fi ;;
    esac
    fluidsynth_ready && return
    say "WARNING: FluidSynth could not be installed; the app will play built-in tones." >&2
    say "Install it later (Debian: apt-get install fluidsynth; macOS: brew install fluid-synth)." >&2
}

# The same places as tests/conftest.py looks in.
chromium_ready() {
    [ -n "${CHROMIUM:-}" ] && return
    for name in chromium google-chrome-stable google-chrome; do has $name && return; done
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] && return
    $VENV/bin/python - <<'PYTHON'
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not pathlib.Path(playwright.chromium.executable_path).is_file())
PYTHON
}

install_chromium() {
    chromium_ready && return
    say "installing Chromium for the tests"
    # Ubuntu's package only points to a snap, so there Playwright brings its own browser.
    if [ "$(system)" = apt ] && ! grep -qi '^ID=ubuntu' /etc/os-release; then
        apt_install chromium || true
    fi
    chromium_ready && return
    if [ "$(system)" = apt ]; then
        as_root $VENV/bin/python -m playwright install-deps chromium || true
    fi
    $VENV/bin/python -m playwright install chromium || true
    chromium_ready || fail "no Chromium for the browser tests: install Chromium or Chrome."
}

node_ready() {
    has npm && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' >/dev/null 2>&1
}

install_node() {
    node_ready && return
    say "installing Node.js, which checks the code for the browser"
    case "$(system)" in
        apt) apt_install nodejs npm || true ;;
        mac) if has brew; then brew install node || true; fi ;;
    esac
    node_ready || fail "no Node.js (18 or newer, with npm) was found, which checks assets/player:" \
        "install it, then call make again."
}

install_node_modules() {
    say "installing what checks assets/player"
    (cd tools/js && npm ci --silent) || fail "npm could not install tools/js/package-lock.json."
    touch tools/js/node_modules/.ready
}

install_soundfont() {
    case "$(system)" in
        apt) apt_install fluid-soundfont-gm ;;
        *) fail "put a General MIDI soundfont (.sf2) into ~/.fluidsynth; the app finds it there." ;;
    esac
}

case "${1:-}" in
    run) make_venv; pip_install requirements.txt; install_fluidsynth; touch $VENV/.ready-run ;;
    test)
        make_venv; pip_install requirements-dev.txt; install_fluidsynth; install_chromium
        touch $VENV/.ready-run $VENV/.ready-test ;;
    js) install_node; install_node_modules ;;
    soundfont) install_soundfont ;;
    *) fail "usage: tools/setup.sh run|test|js|soundfont" ;;
esac
