# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A data set in classes of your own, in the layout that needs no code: python examples/own_classes.py FOLDER

The images are the rendered street's in the package, its 19 classes brought to three. With images of your own, write
the same files: FOLDER/labels.yaml, and for `train` and for `val` image/NAME.png and label/NAME.png.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from mt_perception.bags.sources import open_source
from mt_perception.labels import CITYSCAPES
from mt_perception.messages.compressed import array_from_compressed
from mt_perception.topics import TRUE_LABELS, namespace_of
from mt_perception.utils.resources import city_recording

LABELS = """name: yard
sky: sky
labels:
  - {name: ground, color: [128, 64, 128]}
  - {name: obstacle, color: [220, 20, 60]}
  - {name: sky, color: [70, 130, 180]}
"""
GROUND, OBSTACLE, SKY, NOTHING = 0, 1, 2, 255
CLASSES = {"road": GROUND, "sidewalk": GROUND, "terrain": GROUND, "sky": SKY}

folder = Path(sys.argv[1])
classes = np.full(256, NOTHING, np.uint8)
for label in CITYSCAPES:
    classes[label.train_id] = CLASSES.get(label.name, OBSTACLE)
for split in ("train", "val"):
    for kind in ("image", "label"):
        (folder / split / kind).mkdir(parents=True)
(folder / "labels.yaml").write_text(LABELS)
for index, each in enumerate(open_source(str(city_recording()))):
    truth = next(other for topic, other in each.others.items() if namespace_of(topic, TRUE_LABELS) is not None)
    target = folder / ("val" if index >= 16 else "train")
    cv2.imwrite(str(target / "image" / f"{index:03}.png"), array_from_compressed(each.image.message()))
    cv2.imwrite(str(target / "label" / f"{index:03}.png"), classes[array_from_compressed(truth.message())])
print(f"{folder}: {index + 1} images in the classes of labels.yaml")
