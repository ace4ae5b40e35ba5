# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Networks in ONNX, for labels or for depth, as teachers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt_perception.foreign.description import Description
from mt_perception.foreign.image_input import ImageInput
from mt_perception.geometry import LetterBox
from mt_perception.types import Camera, DepthMap, Frame, Mask
from mt_perception_training.teachers.network import Network, TeacherError
from mt_perception_training.teachers.own_camera import Move
from mt_perception_training.teachers.views import Confidence, Image, Views, mirror, resized


def free_size(wanted: ImageInput, network: Network) -> tuple[int, int]:
    """(height, width) that the network's input is bound to, 0 where it is free."""
    if network.rank(wanted.name) != 4:
        raise TeacherError(f"the input {wanted.name!r} of {network.file} has {network.rank(wanted.name)} axes, not 4")
    first = wanted.layout.index("H")
    height, width = (0 if network.free(wanted.name, each) else network.length(wanted.name, each)
                     for each in (first, first + 1))  # fmt: skip
    return height, width


class OnnxLabels:
    """A network for labels: the mean of its probabilities."""

    def __init__(self, description: Description, folder: Path, views: Views, threads: int = 0) -> None:
        assert description.segmentation
        self._input, self._output, self._views = description.input, description.segmentation, views
        self._network = Network(folder / description.file, [self._input.name], self._output.name, threads)
        self._bound = free_size(self._input, self._network)
        if 0 not in self._bound and views.scales != (1.0,):
            height, width = self._bound
            raise TeacherError(f"{self._network.file} takes {width}x{height} px alone; leave out --scales")
        self.classes = description.labels
        self._train_ids = description.train_ids
        self._told = tuple(dict.fromkeys(self._train_ids))

    def labels(self, image: Image) -> tuple[Mask, Confidence]:
        """See `LabelTeacher.labels`."""
        total = np.zeros((*image.shape[:2], len(self._told)), np.float32)
        looks = [(scale, flipped) for scale in self._views.scales for flipped in self._views.mirrored]
        for scale, flipped in looks:
            total += mirror(self._look(mirror(image, flipped), scale), flipped)
        best = total.argmax(axis=2)
        sure = np.take_along_axis(total, best[..., None], axis=2)[..., 0] / np.float32(len(looks))
        return np.array(self._told, np.uint8)[best], sure

    def _look(self, image: Image, scale: float) -> NDArray[np.float32]:
        """(H, W, N) probability of each class."""
        letterbox = LetterBox.fit((image.shape[0], image.shape[1]), self._size(image, scale))
        tensor = self._input.tensor(letterbox.apply(Frame(image)))
        planes = self._input.planes(self._network({self._input.name: tensor}))
        if planes.ndim != 3 or len(planes) != len(self._train_ids):
            expected = f"{len(self._train_ids)} channels, one for each of train_ids"
            raise TeacherError(f"{self._network.file} gives {planes.shape}; expected {expected}")
        if self._output.meaning == "logits":
            planes = np.exp(planes - planes.max(axis=0))
            planes /= planes.sum(axis=0)
        channels = np.array(self._train_ids)
        merged = np.stack([planes[channels == each].sum(axis=0) for each in self._told], axis=2)
        whole = letterbox.unpad(resized(merged, letterbox.target))
        return resized(whole, letterbox.source)

    def _size(self, image: Image, scale: float) -> tuple[int, int]:
        """(height, width) of the network's input: bound, described, or by the image's proportions."""
        height, width = image.shape[:2]
        requested = self._bound[0] or self._input.height, self._bound[1] or self._input.width
        zoom = max((a / s for a, s in zip(requested, (height, width), strict=True) if a), default=1.0)
        sides = (a or s * zoom for a, s in zip(requested, (height, width), strict=True))
        multiple = self._input.multiple
        rounded = [max(1, round(scale * side / multiple)) * multiple for side in sides]
        return self._bound[0] or rounded[0], self._bound[1] or rounded[1]


class OnnxDepth:
    """A network for depth, in its own camera: the mean of the logarithms."""

    def __init__(self, description: Description, folder: Path, views: Views, threads: int = 0) -> None:
        assert description.depth and description.input.camera
        self._input, self._output, self._views = description.input, description.depth, views
        self._own = description.input.camera
        self._network = Network(folder / description.file, [self._input.name], self._output.name, threads)
        bound = free_size(self._input, self._network)
        for name, size, own in (("height", bound[0], self._own.height), ("width", bound[1], self._own.width)):
            if size not in (0, own):
                raise TeacherError(f"the camera's {name} is {own} px, but {self._network.file} takes {size}")
        self._width_is_free = not bound[1]

    def depth_m(self, image: Image, camera: Camera) -> DepthMap:
        """See `DepthTeacher.depth_m`."""
        move = Move(camera, self._camera(camera))
        moved = move.apply(image)
        looks = [mirror(self._look(mirror(moved, each)), each) for each in self._views.mirrored]
        depth_m = move.inverse(np.mean(looks, axis=0, dtype=np.float32))
        return self._output.known(depth_m)

    def _look(self, image: Image) -> NDArray[np.float32]:
        """(h, w) logarithm of metres; NaN for what is no distance."""
        planes = self._input.planes(self._network({self._input.name: self._input.tensor(image)}))
        if planes.ndim != 3 or len(planes) != 1:
            raise TeacherError(f"{self._network.file} gives {planes.shape}; expected one plane of depth")
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithm = np.log(self._output.metres(planes[0]))
        logarithm[~np.isfinite(logarithm)] = np.nan
        return resized(logarithm, (image.shape[0], image.shape[1]))

    def _camera(self, camera: Camera) -> Camera:
        """The network's camera; where its width is free, wide enough for all that `camera` sees, and centred on it."""
        own = self._own
        width, cx = own.width, own.cx_px
        if self._width_is_free:
            zoom = own.fx_px / camera.fx_px
            multiple = self._input.multiple
            width = max(1, -int(-camera.width_px * zoom // multiple)) * multiple
            cx = camera.cx_px * zoom + (width - 1 - (camera.width_px - 1) * zoom) / 2
        return Camera(width, own.height, own.fx_px, own.fy_px, cx, own.cy_px)
