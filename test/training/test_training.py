# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The whole way: images on disk -> training, stopped and resumed -> a bundle that the perceiver loads."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from miniature import CAMERA, scene, write_camvid, write_city

from mt_perception.model.bundle import load_bundle
from mt_perception.model.spec import DepthEncodingSpec, InputSpec, NetworkSpec
from mt_perception.network.multitask import build_network
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.types import Frame
from mt_perception.utils.hardware import processor
from mt_perception_training.augment import Augmenter
from mt_perception_training.checkpoint import read_checkpoint
from mt_perception_training.cli import main
from mt_perception_training.data.batches import Batches
from mt_perception_training.data.sources import open_readers
from mt_perception_training.export import export
from mt_perception_training.module import MultiTaskModule, learning_rate
from mt_perception_training.options import LAST, RunOptions, TrainingError
from mt_perception_training.recipe import Augmentation, Phase, Recipe
from mt_perception_training.train import choose_precision, train

PHASE = Phase(
    {"camvid": 1, "city": 2}, epochs=1, steps=3, crop_width=96, crop_height=64, augmentation=Augmentation((0.8, 1.2))
)
RECIPE = Recipe(
    name="miniature",
    network=NetworkSpec(
        decoder_width=16, train_ids=tuple(range(19)), depth_encoding=DepthEncodingSpec("log", 0.5, 100.0)
    ),
    input=InputSpec(96, 64),
    fx_px=100.0,
    phases=(PHASE, dataclasses.replace(PHASE, loss_stride=2, lovasz=1.0)),
    average_decay=0.5,
    holdout={"camvid": ("0001TP",)},
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("data")
    return {"camvid": write_camvid(root / "camvid", drives=("0001TP", "0016E5")), "city": write_city(root / "city")}


@pytest.fixture(scope="module")
def runs(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One run in one go, and the same run stopped after its first epoch and resumed."""
    whole, halved = tmp_path_factory.mktemp("runs") / "whole", tmp_path_factory.mktemp("runs") / "halved"
    options = RunOptions(whole, accelerator="cpu", precision="32-true")
    train(RECIPE, folders, options)
    train(RECIPE, folders, dataclasses.replace(options, out=halved, epochs=1))
    train(RECIPE, folders, dataclasses.replace(options, out=halved, resume=True))
    return whole, halved


def test_a_resumed_run_gives_the_same_weights(runs: tuple[Path, Path]) -> None:
    (_, whole), (_, halved) = (read_checkpoint(run / LAST) for run in runs)
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(halved.state_dict()[name], weight, rtol=1e-4, atol=1e-5, msg=name)


def test_the_average_follows_the_weights_by_hand() -> None:
    """Copied at first; then with a decay that begins at a tenth and grows: 2/11, 3/12."""
    module = MultiTaskModule(RECIPE, {}, {})
    expected = None
    for value, decay in ((3.0, 0.0), (7.0, 2 / 11), (1.0, 3 / 12)):
        torch.nn.init.constant_(module.network.heads["depth"].scale.weight, value)
        module.on_train_batch_end()
        expected = value if expected is None else decay * expected + (1 - decay) * value
        weight = module.averaged.heads["depth"].scale.weight
        torch.testing.assert_close(weight, torch.full_like(weight, expected))


def test_a_checkpoint_of_the_release_before_is_read_and_gone_on_with(runs: tuple[Path, Path], tmp_path: Path) -> None:
    checkpoint = torch.load(runs[0] / LAST, weights_only=True)
    state = dict(checkpoint["state_dict"])
    assert int(state.pop("average.n_averaged")) == checkpoint["global_step"] == 6
    former = {key.replace("average.module.", "average."): value for key, value in state.items()}
    torch.save(checkpoint | {"state_dict": former}, tmp_path / "former.ckpt")
    (_, read), (_, expected) = (read_checkpoint(each) for each in (tmp_path / "former.ckpt", runs[0] / LAST))
    assert all(torch.equal(read.state_dict()[name], value) for name, value in expected.state_dict().items())
    module, loaded = MultiTaskModule(RECIPE, {}, {}), checkpoint | {"state_dict": former}
    module.on_load_checkpoint(loaded)
    module.load_state_dict(loaded["state_dict"])
    assert int(module.average.n_averaged) == 6


def test_logs_hold_scores_of_both_tasks(runs: tuple[Path, Path]) -> None:
    rows = list(csv.DictReader((runs[0] / "logs" / "version_0" / "metrics.csv").open()))
    for name in ("val/camvid_miou", "val/camvid_holdout_miou", "val/city_miou", "val/city_abs_rel", "val/score"):
        assert sum(bool(row[name]) for row in rows) == RECIPE.epochs


@pytest.fixture(scope="module")
def exported(
    runs: tuple[Path, Path], folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The bundle of a run that learned no depth, exported all the same, and what the command said."""
    out, said = tmp_path_factory.mktemp("exported") / "model", io.StringIO()
    data = [f"{name}={folder}" for name, folder in folders.items()]
    arguments = ["export", "--checkpoint", str(runs[1] / "best.ckpt"), "--out", str(out), "--data", *data]
    with redirect_stdout(said):
        assert main([*arguments, "--allow-no-skill"]) == 0
    return out, said.getvalue()


def test_export_gives_a_bundle_that_runs(exported: tuple[Path, str]) -> None:
    card = load_bundle(exported[0]).card
    assert card.trained and card.training_camera.fx_px == RECIPE.fx_px
    assert {"camvid_miou", "city_miou", "city_abs_rel", "city_delta1"} <= set(card.scores)
    assert {"city_skill", "city_prior_abs_rel", "city_standing_out"} <= set(card.scores)
    assert card.trained_on == ("camvid", "city") and card.holdout == RECIPE.holdout
    assert card.splits["camvid_holdout"] == "holdout 0001TP"
    assert card.row_prior and card.row_prior.predict(CAMERA)[60, 5] == pytest.approx(90 / 31, rel=0.05)
    frame = scene(np.random.default_rng(5))
    prediction = Perceiver.open(Settings(model=str(exported[0])))(Frame(frame.left, camera=CAMERA))
    assert prediction.size == frame.labels.shape


def test_depth_without_skill_is_not_exported_by_itself(
    runs: tuple[Path, Path],
    folders: dict[str, Path],
    exported: tuple[Path, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Six steps teach no depth: the table of the image row is better."""
    data = ["--data", f"city={folders['city']}"]
    arguments = ["export", "--checkpoint", str(runs[1] / LAST), "--out", str(tmp_path / "model"), *data]
    assert main(arguments) == 1 and not (tmp_path / "model").exists()
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "the depth has no skill: on city" in said and said.endswith("--allow-no-skill")
    assert "city -" in next(line for line in exported[1].splitlines() if line.startswith("skill:"))


def test_what_a_run_has_seen_is_not_held_out_after(
    runs: tuple[Path, Path], folders: dict[str, Path], tmp_path: Path
) -> None:
    other = dataclasses.replace(RECIPE, holdout={"camvid": ("0016E5",)})
    options = RunOptions(runs[0], resume=True, accelerator="cpu", precision="32-true")
    with pytest.raises(TrainingError, match="begun with 'camvid=0001TP' held out, not 'camvid=0016E5'"):
        train(other, folders, options)
    with pytest.raises(TrainingError, match="was trained on camvid=0016E5"):
        train(other, folders, RunOptions(tmp_path / "run", weights=runs[0] / LAST))
    with pytest.raises(TrainingError, match="was trained on camvid=0016E5"):
        export(runs[0] / LAST, tmp_path / "model", folders, {"camvid": ("0016E5",)})


def test_weights_of_a_like_network_are_taken_as_far_as_they_fit() -> None:
    start, spec = build_network(RECIPE.network), dataclasses.replace(RECIPE.network, depth_bins=8)
    module = MultiTaskModule(dataclasses.replace(RECIPE, network=spec), {}, {})
    assert module.start_from(start).endswith("weights taken; new: heads.depth.predict")
    for each in (module.network, module.averaged):
        assert torch.equal(each.heads["depth"].scale.weight, start.heads["depth"].scale.weight)
    other = MultiTaskModule(dataclasses.replace(RECIPE, network=NetworkSpec("segnet", "segnet", 64)), {}, {})
    with pytest.raises(TrainingError, match=r"those of mobilenet_v3_small.*; the recipe wants segnet"):
        other.start_from(start)


class Hostile:
    """What runs code when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("write", [lambda value, path: path.write_bytes(pickle.dumps(value)), torch.save])
def test_a_checkpoint_runs_no_code(write: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write({"recipe": Hostile(tmp_path / "ran"), "state_dict": {}}, tmp_path / "evil.ckpt")
    assert main(["export", "--checkpoint", str(tmp_path / "evil.ckpt"), "--out", str(tmp_path / "model")]) == 1
    said = capsys.readouterr().err
    assert "evil.ckpt is no checkpoint of this program" in said and said.count("\n") == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [[], torch.zeros(3), {"state_dict": {}}, {"state_dict": [], "recipe": {}}])
def test_what_is_no_checkpoint_is_refused(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "x.ckpt")
    with pytest.raises(TrainingError, match="is no checkpoint of this program: it has no"):
        read_checkpoint(tmp_path / "x.ckpt")


@pytest.mark.parametrize(("by", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_at_once_and_keeps_its_last_checkpoint(
    folders: dict[str, Path], tmp_path: Path, by: signal.Signals, status: int
) -> None:
    endless = dataclasses.replace(PHASE, batch={"city": 1}, steps=100_000)
    phases = (dataclasses.replace(PHASE, batch={"city": 1}), endless)
    recipe = dataclasses.replace(RECIPE, phases=phases, holdout={})
    (tmp_path / "endless.yaml").write_text(json.dumps(recipe.to_dict()))
    arguments = ["train", "--recipe", str(tmp_path / "endless.yaml"), "--data", f"city={folders['city']}"]
    command = [sys.executable, "-m", "mt_perception_training", *arguments, "--out", str(tmp_path / "run")]
    with subprocess.Popen([*command, "--accelerator", "cpu"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        said = b""
        while b"Epoch 1:" not in said:  # the second, of many
            said += (byte := run.stdout.read(1))
            assert byte, run.stderr.read().decode()
        run.send_signal(by)
        began = time.monotonic()
        _, errors = run.communicate(timeout=60)
        assert run.returncode == status and b"Traceback" not in errors, errors.decode()
        assert time.monotonic() - began < 20
    assert read_checkpoint(tmp_path / "run" / LAST)[0] == recipe


def test_two_processes_train_together(folders: dict[str, Path], tmp_path: Path) -> None:
    recipe = tmp_path / "miniature.yaml"
    recipe.write_text(json.dumps(RECIPE.to_dict()))  # JSON is YAML
    data = [f"{name}={folder}" for name, folder in folders.items()]
    command = ["train", "--recipe", str(recipe), "--data", *data, "--out", str(tmp_path / "run")]
    both = [sys.executable, "-m", "mt_perception_training", *command, "--accelerator", "cpu", "--devices", "2"]
    one_core_each = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(both, capture_output=True, text=True, timeout=300, env=one_core_each)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("best checkpoint") == 1
    saved = torch.load(tmp_path / "run" / LAST, weights_only=True)
    assert saved["global_step"] == sum(phase.epochs * phase.steps for phase in RECIPE.phases)


@pytest.mark.skipif(torch.cuda.is_available(), reason="of a machine without a GPU")
@pytest.mark.parametrize("accelerator", ["auto", "cpu"])
def test_a_training_never_chooses_what_the_processor_emulates(
    monkeypatch: pytest.MonkeyPatch, accelerator: str
) -> None:
    for native, precision in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr("mt_perception_training.train.computes_bf16", lambda native=native: native)
        chosen, line = choose_precision("auto", accelerator)
        assert chosen == precision and line == f"precision {precision} on {processor()}"
    assert choose_precision("32-true", accelerator)[0] == "32-true"
    chosen, line = choose_precision("bf16-mixed", accelerator)
    assert chosen == "bf16-mixed" and line.endswith("it emulates bfloat16, and is slower in it than in 32-true")


def test_every_weight_learns(folders: dict[str, Path]) -> None:
    """The published code detached its encoder, which then never trained."""
    module = MultiTaskModule(RECIPE, open_readers(RECIPE.datasets, folders, "train"), {})
    batch = Batches(module.training_readers, PHASE, Augmenter(PHASE, (64, 96), RECIPE.fx_px), first=0, seed=1)[0]
    module.losses(batch, PHASE)["loss"].backward()
    still = [name for name, p in module.network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not still


def test_batch_statistics_follow_a_short_training() -> None:
    """After thirty equal batches a norm's running mean is theirs, though the encoder came with a momentum of 0.01."""
    module = MultiTaskModule(RECIPE, {}, {}).train()
    norm = next(each for each in module.network.encoder.modules() if isinstance(each, torch.nn.BatchNorm2d))
    for _ in range(30):
        norm(torch.full((2, norm.num_features, 4, 4), 5.0))
    assert norm.running_mean is not None and norm.running_mean.mean() == pytest.approx(5.0, rel=0.05)


def test_a_run_is_never_overwritten(runs: tuple[Path, Path], folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--resume"):
        train(RECIPE, folders, RunOptions(runs[0]))
    with pytest.raises(TrainingError, match="nothing to resume"):
        train(RECIPE, folders, RunOptions(tmp_path, resume=True))


def test_learning_rate_climbs_then_falls_in_each_phase() -> None:
    phases = (dataclasses.replace(PHASE, steps=100, learning_rate=1.0, final=0.5), PHASE)
    recipe = dataclasses.replace(RECIPE, phases=phases)
    rates = [learning_rate(recipe, step) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 25) and rates[10] == pytest.approx(1.0)
    assert max(rates) == rates[10] and rates[99] == pytest.approx(0.5, abs=1e-3)
    assert learning_rate(recipe, 100) == pytest.approx(PHASE.learning_rate / 25)
