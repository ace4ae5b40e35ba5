# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Predictions as recorded messages: what the node would publish, as far as `topics.output_topics` says `processed`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mt_perception.bags.bag import Recorded
from mt_perception.bags.writer import serialized
from mt_perception.labels import LabelSet
from mt_perception.messages.outputs import Result, disparity_message, message_of
from mt_perception.messages.rosbags import BUILDER
from mt_perception.prediction import Prediction
from mt_perception.settings import Settings
from mt_perception.stereo import Match
from mt_perception.topics import DISPARITY, LABEL_INFO, OutputTopic, output_topics


def processed() -> tuple[OutputTopic, ...]:
    """What is written."""
    return tuple(each for each in output_topics() if each.processed)


@dataclass(frozen=True)
class ResultMessages:
    """Makes the messages of predictions, on topics in `namespace`."""

    settings: Settings
    namespace: str = ""

    def names(self, received_ns: int, labels: LabelSet) -> Recorded:
        """The names of the classes, to be latched."""
        message = BUILDER.label_info(labels, BUILDER.header(received_ns, ""))
        return serialized(f"{self.namespace}/{LABEL_INFO}", received_ns, message)

    def __call__(self, received_ns: int, prediction: Prediction, found: Match | None = None) -> list[Recorded]:
        """Those of the image that was received then, and `disparity` if `found` is what its pair gave."""
        return [
            serialized(f"{self.namespace}/{topic}", received_ns, message)
            for topic, message in self._messages(prediction, found)
        ]

    def _messages(self, prediction: Prediction, found: Match | None) -> Iterator[tuple[str, Any]]:
        result = Result(prediction, self.settings, BUILDER)
        for output in processed():
            if output.made == "frame" and (prediction.frame.camera or not output.needs_camera):
                yield output.name, message_of(output, result)
        if found:
            yield DISPARITY, disparity_message(found, prediction.frame, BUILDER)
