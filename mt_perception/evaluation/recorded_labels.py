# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""In what classes a recording tells its labels, predicted and true."""

from __future__ import annotations

from collections.abc import Mapping

from mt_perception.bags.bag import Bag
from mt_perception.bags.topics import layout_of
from mt_perception.datasets.own import parse_labels
from mt_perception.datasets.sources import LABEL_SETS
from mt_perception.labels import CITYSCAPES, LabelSet
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.topics import LABEL_INFO, TRUE_LABEL_INFO, TRUE_LABELS

Recording = tuple[Bag, Mapping[str, str]]
"""With its topics by role, as `Layout` has them."""


def comparison_of(
    results: Recording,
    truth: Recording | None = None,
    model: LabelSet = CITYSCAPES,
    true_labels: LabelSet | None = None,
) -> Comparison:
    """How the labels of `results` are compared with the truth, in the same recording or in `truth`.

    Predictions are in the classes of their label_info, or else in those of the model; true labels in `true_labels`, or
    those of their own label_info, or else in those of the predictions. Raises `NoCommonClasses`, `ValueMismatch`.
    """
    truth = truth or results
    predicted = predicted_labels(*results, model)
    true = true_labels or _recorded(truth, TRUE_LABEL_INFO, model) if TRUE_LABELS in truth[1] else None
    return Comparison(predicted, true or predicted)


def predicted_labels(bag: Bag, topics: Mapping[str, str], model: LabelSet = CITYSCAPES) -> LabelSet:
    """The classes of the predictions in a recording: those whose names it tells, or else the model's."""
    return _recorded((bag, topics), LABEL_INFO, model) or model


def true_labels(bag: Bag, model: LabelSet = CITYSCAPES) -> LabelSet | None:
    """The classes of the true labels in a recording, if it tells their names; `model` first of those it may mean."""
    return _recorded((bag, layout_of(bag).topics), TRUE_LABEL_INFO, model)


def _recorded(recording: Recording, role: str, model: LabelSet) -> LabelSet | None:
    """The label set of which the first message with this role tells the names; None without one."""
    bag, topics = recording
    for recorded in bag.messages([topics[role]]) if role in topics else ():
        names = {each.class_id: each.class_name for each in recorded.message().class_map}
        for known in (model, *LABEL_SETS.values()):
            if names == dict(zip(known.train_ids, known.names, strict=True)):
                return known
        labels = [{"name": name, "train_id": train_id} for train_id, name in names.items()]
        sky = CITYSCAPES.sky if CITYSCAPES.sky in names.values() else ""
        return parse_labels({"name": "recorded", "labels": labels, "sky": sky}, recorded.topic)
    return None
