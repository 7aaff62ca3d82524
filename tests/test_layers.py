"""Imports run one way, and the first page does not wait for TensorFlow."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A module may import from its own layer and from those above it in this list.
LAYERS = (
    ("gan.spec", "gan.errors", "gan.files"),
    ("gan.music",),
    ("gan.data",),
    ("gan.models",),
    ("gan.quality",),
    ("gan.training",),
    ("gan.sliders",),
    ("gan.audio", "gan.listen", "gan.plots", "gan.plot_style", "gan.pictures"),
    ("gan.phrase", "gan.engine", "gan.vary", "gan.accompany", "gan.preview"),
    ("gan.space",),
    ("gan.app", "gan.cli"),
    ("app", "pages", "train", "generate"),
)
STREAMLIT_IN = ("app", "pages", "gan.app")
SLOW = ("tensorflow", "keras", "jax", "torch", "music21", "sklearn", "scipy")
FIRST_PAGE = ("gan.engine", "gan.audio.render", "gan.plots", "gan.music", "gan.data")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> list[Path]:
    found = [*ROOT.glob("gan/**/*.py"), *ROOT.glob("pages/*.py"), *ROOT.glob("*.py")]
    return sorted(found)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def layer_of(name: str) -> int | None:
    """Index into LAYERS; None for `gan` itself and for packages from outside."""
    for index, packages in enumerate(LAYERS):
        if any(within(name, package) for package in packages):
            return index
    return None


def imports(path: Path) -> set[str]:
    """Every module that the file names in an import, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import in line {node.lineno}"
            base = node.module or ""
            # `from gan import music` names the module gan.music.
            found.update(f"gan.{a.name}" for a in node.names) if base == "gan" else found.add(base)
    return found


def existing_first_page_modules() -> list[str]:
    """The modules behind the first page that are on disk; the engine pulls in the rest."""
    names = {module_name(path) for path in sources()}
    return [name for name in FIRST_PAGE if name in names]


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_run_one_way(path: Path) -> None:
    own = layer_of(module_name(path))
    if own is None:
        assert module_name(path) == "gan", f"{module_name(path)} is in no layer"
        return
    above = {name for name in imports(path) if (layer_of(name) or 0) > own}
    assert not above, f"{module_name(path)} imports from a layer above its own: {sorted(above)}"


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_streamlit_stays_in_the_user_interface(path: Path) -> None:
    if any(within(module_name(path), package) for package in STREAMLIT_IN):
        return
    assert not any(within(name, "streamlit") for name in imports(path))


def test_the_first_page_does_not_load_tensorflow() -> None:
    modules = existing_first_page_modules()
    assert "gan.audio.render" in modules
    code = (
        f"import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        # On a line of its own: a library may greet on stdout (pyfluidsynth does where CI is set).
        f"print(); print(*sorted(set({SLOW!r}) & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.splitlines()[-1]
    assert loaded == "", f"loaded on the way to the first page: {loaded}"


def test_a_module_one_layer_up_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "low.py"
    path.write_text("def f():\n    from gan.app import state\n")
    assert imports(path) == {"gan.app"}
    assert (layer_of("gan.app") or 0) > (layer_of("gan.music.rolls") or 0)
    assert layer_of("gan.appx") is None and layer_of("streamlit") is None
