"""The files that say what is trained: every key is checked, and errors name key, file and line."""

from dataclasses import dataclass, field
from typing import Annotated

import pytest

from vectorlong.errors import ConfigError
from vectorlong.training.config import example_config, flat_config, read_config
from vectorlong.training.recipes import RECIPES
from vectorlong.training.sections import Config, Help, Positive


@dataclass(frozen=True, kw_only=True)
class _Data:
    train: Annotated[list[str], Help("Files.", ["a.txt"])]


@dataclass(frozen=True, kw_only=True)
class _Task:
    length: Annotated[Positive, Help("Tokens.")] = 8


@dataclass(frozen=True, kw_only=True)
class _Config(Config):
    data: _Data
    task: _Task = field(default_factory=_Task)


PRESETS = {"small": {"task": {"length": 4}, "training": {"learning_rate": 1e-3}}}
VALID = 'output = "run"\n\n[data]\ntrain = ["a.txt"]\n'


def read(tmp_path, text, *settings):
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(_Config, path, settings, PRESETS)


def test_defaults_settings_and_presets(tmp_path):
    config = read(tmp_path, VALID, "training.seed=3", "data.train=['b.txt', 'c.txt']", "output=x")
    assert (config.training.seed, config.data.train, config.output) == (3, ["b.txt", "c.txt"], "x")
    assert (config.task.length, config.training.learning_rate) == (8, 3e-5)
    small = read(tmp_path, 'preset = "small"\n' + VALID, "training.learning_rate=1")
    assert (small.task.length, small.training.learning_rate) == (4, 1.0)


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        (VALID + "[training]\nlearnin_rate = 1", [], r"c\.toml, line 6: .*learning_rate\?"),
        (VALID + "[trainin]\nseed = 1\n", [], r"c\.toml, line 5: trainin: .*training\?"),
        (VALID + "[training]\n\nseed = -1\n", [], r"line 7: training\.seed: -1: .*greater than"),
        (VALID + "[training]\nseed = '1'\n", [], r"line 6: training\.seed: '1': .*valid integer"),
        (VALID + "training.schedule = 'sine'\n", [], r"data\.training|training\.schedule"),
        ("training.schedule = 'sine'\n" + VALID, [], r"line 1: .*schedule: 'sine': .*linear"),
        ('output = "run"\n[data]\n', [], r"line 2: data: the key data\.train is missing"),
        ("[data]\ntrain = []\n", [], r"c\.toml: the key output is missing"),
        (VALID + "train = 'a'\n", [], r"cannot be read as TOML"),
        ("data = 3\noutput = 'x'\n", [], r"line 1: data: 3 is no section: \[data\]"),
        ("preset = 'big'\n" + VALID, [], r"line 1: preset: 'big' .*Valid values: 'small'"),
        (VALID, ["training.sed=1"], r"--set 'training.sed=1': the key.*mean seed"),
        (VALID, ["training.seed"], r"write it as section\.key=value"),
        (VALID, ["training.seed=x"], r"--set 'training.seed=x': 'x': .*valid integer"),
        (VALID, ["output.x=1"], r"output is no section"),
        (VALID, ["data.train=1979-05-27"], r"--set 'data.train=1979-05-27'"),
    ],
)  # fmt: skip
def test_errors_name_key_file_and_line(tmp_path, text, settings, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text, *settings)


def test_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(ConfigError, match="--example"):
        read_config(_Config, tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(_Config, tmp_path)
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_config(_Config, tmp_path / "b.toml")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_examples_are_valid_and_say_the_defaults(tmp_path, recipe):
    path = tmp_path / "c.toml"
    path.write_text(example_config(recipe.config, recipe.presets), encoding="utf-8")
    config = read_config(recipe.config, path, (), recipe.presets)
    keys = flat_config(config)
    for name in keys:
        assert f"{name.rpartition('.')[2]} = " in path.read_text() or name == "preset"
    # Whatever stands behind a comment sign is valid, too, but for names and presets.
    text = "\n".join(
        line[2:] if line.startswith("# ") and " = " in line and "preset" not in line else line
        for line in path.read_text().splitlines()
    )
    path.write_text(text, encoding="utf-8")
    read_config(recipe.config, path, (), recipe.presets)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_presets_are_valid(tmp_path, recipe):
    path = tmp_path / "c.toml"
    path.write_text(example_config(recipe.config, recipe.presets), encoding="utf-8")
    for preset in recipe.presets:
        read_config(recipe.config, path, [f"preset={preset}"], recipe.presets)
