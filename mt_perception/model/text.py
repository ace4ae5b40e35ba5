# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is known of a model, in words."""

from __future__ import annotations

from collections.abc import Mapping

from mt_perception.model.bundle import Bundle
from mt_perception.model.card import BundleCard


def describe(bundle: Bundle) -> str:
    """The card in words, for a terminal."""
    return "\n".join(f"{name + ':':14}{value}" for name, value in facts(bundle).items())


def facts(bundle: Bundle) -> dict[str, str]:
    """What the card says, by name, in words."""
    card = bundle.card
    camera = card.training_camera
    return {
        "model": f"{card.name} ({bundle.model_hash}){'' if card.trained else ', UNTRAINED: its output means nothing'}",
        "folder": str(bundle.folder),
        "network": str(card.network) if not card.imported else _imported(card),
        "input": f"{card.input.width}x{card.input.height} px RGB",
        "classes": _classes(card),
        "depth": _depth(card),
        "trained with": f"a focal length of {camera.fx_px:g} px at {camera.width_px} px width"
        if camera
        else "not told",
        "parameters": f"{card.parameters:,}",
        "GMACs": f"{card.gmacs:.2f} an image" if card.gmacs else "not told",
        "scores": ", ".join(f"{name} {value:.3f}" for name, value in card.scores.items()) or "none",
        "scored on": ", ".join(f"{name} {split}" for name, split in card.splits.items()) or "not told",
        "skill": _skill(card),
        "int8": ", ".join(f"{name} {value:.3f}" for name, value in card.int8_scores.items()) or "none",
        "learned by": ", ".join(card.trained_on) or "not told",
        "data": card.data or "not told",
        "encoder from": "not told" if card.imported else card.encoder_weights,
        "licence": card.license or "not told",
        "command": card.command or "not told",
        "files": ", ".join(f"{n} {(bundle.folder / n).stat().st_size / 1e6:.1f} MB" for n in card.files),
    }


def _imported(card: BundleCard) -> str:
    facts = ", ".join(f"{key} {value}" for key, value in card.source.items() if key != "file")
    return f"imported from {card.source.get('file', 'a file')}: {facts}"


def _classes(card: BundleCard) -> str:
    if not card.tells_labels:
        return "none"
    return f"{card.labels.name}: {', '.join(card.labels.names)}"


def _depth(card: BundleCard) -> str:
    encoding = card.network.depth_encoding
    if not card.network.depth:
        return "none"
    how = "" if card.imported else f", {encoding.name} encoding"
    return f"{encoding.min_m:g} to {encoding.max_m:g} m{how}"


def _skill(card: BundleCard) -> str:
    """How much better its depth is than a table of the image row, for each data set on which that was measured."""
    told = (f"{name} {value:+.2f}" for name, value in by_data_set(card.scores, "skill").items())
    return ", ".join(told) or "unknown: nobody compared its depth with what the image row alone says"


def by_data_set(scores: Mapping[str, float], measure: str) -> dict[str, float]:
    """Those of a card's scores that are of one kind, such as `miou`, by the data set that they were measured on."""
    end = f"_{measure}"
    return {key.removesuffix(end): value for key, value in scores.items() if key.endswith(end)}
