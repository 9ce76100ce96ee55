"""The folder of a run: what is trained in it, how far it is, and how it ended.

``run.json`` says what is trained, ``log.jsonl`` how it went, ``checkpoints/`` is what it goes on
from, ``model/`` the best model once it is finished. A checkpoint counts when its mark is written,
after all its files are on the disk; until then the one before is kept.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from vectorlong.disk import flush_folder, flush_to_disk, read_mapping, replace_bytes
from vectorlong.errors import ConfigError, shown
from vectorlong.fields import take_format_version
from vectorlong.training.config import flat_config
from vectorlong.training.sections import RunConfig

RUN_FILE = "run.json"
LOG_FILE = "log.jsonl"
MODEL_FOLDER = "model"
#: An encoder that was converted before the run began.
CONVERTED = "converted"
#: Vectors of the model before training, to choose by what is learnt from.
INDEX = "index"
_CHECKPOINTS = "checkpoints"
_COMPLETE = "complete.json"
_FORMAT_VERSION = 1
_MAX_BYTES = 1 << 20


class RunFolder:
    """A run's folder, claimed for one configuration.

    Parameters
    ----------
    task
        Name of the task.
    config
        What is trained, and how.

    Raises
    ------
    ConfigError
        Another run, or something else, is in the folder; the message says what differs.
    """

    def __init__(self, task: str, config: RunConfig) -> None:
        self.path = Path(config.output).expanduser()
        self._facts: dict[str, Any] = {
            "task": task,
            "config": flat_config(config),
        }
        self._stored = self._read()
        if self._stored is None:
            known = {CONVERTED, INDEX}
            if self.path.is_dir() and {path.name for path in self.path.iterdir()} - known:
                raise ConfigError(
                    f"output={str(self.path)!r}: the folder holds something that is no training "
                    "run. Name a new one."
                )
        else:
            self._compare(self._stored)

    @property
    def model(self) -> Path:
        """Where the trained model is."""
        return self.path / MODEL_FOLDER

    @property
    def log(self) -> Path:
        """Where the log is."""
        return self.path / LOG_FILE

    @property
    def checkpoints(self) -> Path:
        """Where the trainer's checkpoints are."""
        return self.path / _CHECKPOINTS

    def result(self) -> dict[str, Any] | None:
        """Return what a finished run ended with."""
        return None if self._stored is None else self._stored.get("result")

    def begin(self, data_digest: str) -> Path | None:
        """Claim the folder and return the last complete checkpoint, if there is one.

        Raises
        ------
        ConfigError
            The data are others than those that the run began with.
        """
        if self._stored is None:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self._write({**self._facts, "data_digest": data_digest})
            return None
        if self._stored.get("data_digest") != data_digest:
            raise ConfigError(
                f"output={str(self.path)!r}: the run there began with other data (files under "
                "data.train or data.eval have changed). Name a new folder, or remove that one."
            )
        self.checkpoints.mkdir(exist_ok=True)
        complete = complete_checkpoints(self.checkpoints)
        for folder in self.checkpoints.iterdir():
            if folder not in complete:
                shutil.rmtree(folder)
        return complete[-1] if complete else None

    def finish(self, data_digest: str, result: dict[str, Any]) -> None:
        """Write how the run ended, and remove what it would have gone on from."""
        self._write({**self._facts, "data_digest": data_digest, "result": result})
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        shutil.rmtree(self.path / INDEX, ignore_errors=True)

    def _read(self) -> dict[str, Any] | None:
        path = self.path / RUN_FILE
        try:
            facts = read_mapping(path, _MAX_BYTES)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise ConfigError(f"output={str(self.path)!r} is a file; name a folder.") from None
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path} is damaged: {error}") from error
        if take_format_version(facts, _FORMAT_VERSION, path) is None:
            raise ConfigError(f"{path} is damaged: it has no format version.")
        return facts

    def _write(self, facts: dict[str, Any]) -> None:
        content = json.dumps({"format_version": _FORMAT_VERSION, **facts}, indent=2)
        replace_bytes(self.path / RUN_FILE, content.encode())

    def _compare(self, stored: dict[str, Any]) -> None:
        differences = []
        if stored.get("task") != self._facts["task"]:
            differences.append(f"its task is {shown(stored.get('task'))}")
        was = stored.get("config")
        was = was if isinstance(was, dict) else {}
        now = json.loads(json.dumps(self._facts["config"]))
        for name in sorted(now.keys() | was.keys()):
            if name != "output" and was.get(name) != now.get(name):
                differences.append(
                    f"{name} was {shown(was.get(name))} and is {shown(now.get(name))}"
                )
        if differences:
            raise ConfigError(
                f"output={str(self.path)!r} holds another run: {'; '.join(differences)}. Name a "
                "new folder, or remove that one."
            )


def complete_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints that were written to the end, the latest last."""
    complete = [path.parent for path in folder.glob(f"checkpoint-*/{_COMPLETE}")]
    return sorted(complete, key=step_of)


def mark_complete(checkpoint: Path) -> None:
    """Have a checkpoint count, once all its files are on the disk."""
    for path in checkpoint.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                flush_to_disk(file.fileno())
    flush_folder(checkpoint)
    flush_folder(checkpoint.parent)
    replace_bytes(checkpoint / _COMPLETE, b"{}")


def remove_checkpoint(checkpoint: Path) -> None:
    """Remove a checkpoint, which counts no more from the first file on."""
    (checkpoint / _COMPLETE).unlink()
    shutil.rmtree(checkpoint)


def step_of(checkpoint: Path) -> int:
    """Return after how many steps a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])
