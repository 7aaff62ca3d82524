"""What the documents say is so: figures, commands, links and examples."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tiny
from streamlit.testing.v1 import AppTest

from gan.app import loading
from gan.cli import evaluate, generate, sliders, train, transcribe, tune
from gan.models import ability, config, registry
from gan.models.checkpoint import read_info, write_config, write_weights
from gan.spec import ROOT
from gan.training.config import MODELS, RECIPES

README = ROOT / "README.md"
DOCS = ROOT / "docs"
MANUAL = [README, *(DOCS / name for name in ("how-it-works.md", "models.md", "contributing.md"))]
GENERATORS = ("pop-gan", "pop-vae", "pop-transformer", "bach-transformer")
COMMANDS: dict[str, ModuleType] = {
    "train.py": train,
    "generate.py": generate,
    "-m gan.cli.evaluate": evaluate,
    "-m gan.cli.tune": tune,
    "-m gan.cli.sliders": sliders,
    "-m gan.cli.transcribe": transcribe,
}


def name_of(path: Path) -> str:
    return path.name


def commands() -> Iterator[tuple[str, str]]:
    """Every command of the documents that this repository provides, and its arguments."""
    names = "|".join(re.escape(name) for name in COMMANDS)
    for path in MANUAL:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for found in re.finditer(rf"^ +python ({names}) (.*)$", text, re.MULTILINE):
            yield found[1], " ".join(found[2].split())


def test_the_readme_is_a_manual_of_200_lines() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize(("command", "arguments"), sorted(set(commands())))
def test_commands_are_understood(command: str, arguments: str) -> None:
    COMMANDS[command].parse(arguments.split())


@pytest.mark.parametrize("path", MANUAL, ids=name_of)
def test_what_is_named_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "//" not in link]
    files = re.findall(r"`((?:gan|tests|pages|assets|docs|benchmarks)/[\w/.-]+)`", text)
    assert [link for link in links if not (path.parent / link).exists()] == []
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_the_tests_of_the_guide_exist() -> None:
    named = re.findall(r"`(test_\w+)`", (DOCS / "contributing.md").read_text(encoding="utf-8"))
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("*.py"))
    assert named
    assert [name for name in named if f"def {name}(" not in written] == []


def card_rows() -> list[str]:
    """The table of figures as the cards have it, without its head."""
    cards = [
        json.loads((ROOT / "checkpoints" / name / "card.json").read_text(encoding="utf-8"))
        for name in GENERATORS
    ]

    def two(values: dict[str, float], *names: str, form: str = ".2f") -> str:
        return " / ".join(format(values[name], form) for name in names if name in values)

    def read_back(of: dict[str, float]) -> str:
        alone = of.get("onset_plan_alone")
        return f"{of['onset']:.2f}" + ("" if alone is None else f" ({alone:.2f})")

    figures: dict[str, Callable[[Any], str]] = {
        "numbers (millions)": lambda f: f"{f['generator']['parameters'] / 1e6:.1f}",
        "latent, of which sliders move": lambda f: (
            f"{f['generator']['latent_dim']:,}, {f['generator']['plan_dim']}"
        ),
        "mean overlap (training songs reach)": lambda f: (
            f"{f['mean_overlap']:.3f} ({f['mean_ceiling']:.3f})"
        ),
        "share of the ceiling": lambda f: f"{f['share_of_ceiling']:.1%}",
        "AUC of trees / of a network": lambda f: two(f["classifier_auc"], "trees", "network"),
        "EB / UPC / QN off by": lambda f: two(f["deviation"], "EB", "UPC", "QN", form=".0%"),
        "EB / UPC / QN of training songs": lambda f: two(
            f["deviation_of_training_songs"], "EB", "UPC", "QN", form=".0%"
        ),
        "density / coverage": lambda f: two(f["prdc"], "density", "coverage"),
        "density / coverage of training songs": lambda f: two(
            f["prdc_of_training_songs"], "density", "coverage"
        ),
        "onset F1, read back (plan alone)": lambda f: read_back(f["reconstruction_f1"]),
        "near-copies among 1,000 samples": lambda f: str(
            f["nearest_training_phrase"]["near_copies"]
        ),
        "notes that change from phrase to phrase of a walk": lambda f: (
            f"{f['smoothness']['changed']:.0%}"
        ),
        "one phrase, p50 / p95 (ms)": lambda f: two(
            f["generator"]["milliseconds_a_phrase"], "p50", "p95", form=".0f"
        ),
        "a new seed, p50 / p95 (ms)": lambda f: two(
            f["generator"]["milliseconds_a_seed"], "p50", "p95", form=".0f"
        ),
    }
    rows = [
        ("family", [card["family"] for card in cards]),
        (
            "data: songs, phrases",
            [f"{c['data']['songs']}, {c['data']['phrases']:,}" for c in cards],
        ),
        *((name, [form(card["figures"]) for card in cards]) for name, form in figures.items()),
    ]
    return [f"| {' | '.join([name, *cells])} |" for name, cells in rows]


def test_figures_are_those_of_the_cards() -> None:
    """Where a card is new, the table in docs/models.md takes the rows that this test names."""
    lines = (DOCS / "models.md").read_text(encoding="utf-8").splitlines()
    assert [row for row in card_rows() if row not in lines] == []


def test_every_family_is_in_every_table() -> None:
    names = set(registry.FAMILIES)
    for table in (config.FAMILIES, ability.ABILITIES, RECIPES, MODELS):
        assert set(table) == names


def test_the_page_of_the_guide_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (DOCS / "contributing.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert code is not None
    folder = tmp_path / "one"
    write_config(folder, family="gan", spec=tiny.SPEC, model=tiny.MODEL, training={}, data={})
    write_weights(folder, registry.build("gan", tiny.SPEC, tiny.MODEL).weights())
    usable = loading.available(tmp_path)
    monkeypatch.setattr("gan.app.session.available", lambda: usable)
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "data"))
    loading.loading(read_info(folder)).result(timeout=300)
    page = AppTest.from_string(textwrap.dedent(code[1]), default_timeout=60).run()
    assert not page.exception and not page.error
    assert "d" in page.query_params
