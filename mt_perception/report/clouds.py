# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Frames in 3D, by the page that viser has for that, within the report. All of viser is used here."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from mt_perception.draw.cloud import hovers, thinned_points
from mt_perception.draw.render import Image
from mt_perception.geometry import resize, resize_nearest, scale_camera
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.report.images import DEPTH_RANGE_M, View, colored
from mt_perception.types import Camera, DepthMap, Mask

_POINTS = 50_000  # of one cloud, or a little more: a frame takes about half a megabyte of the page
_POINT_M = 0.07
_EYE_M, _LOOKS_AT_M, _FOV_RAD = (0.0, -2.0, -5.0), (0.0, 0.0, 12.0), 0.7  # from above and behind the camera
_REMEDY = "pip install --upgrade 'mt_perception[report]'"
_SCENE_BEGINS, _SCENE_ENDS = '__VISER_EMBED_DATA__="', '"'


@dataclass(frozen=True)
class Cloud:
    """(N, 3) float16 metres in the camera's optical frame, and (N, 3) uint8 RGB."""

    name: str
    xyz_m: NDArray[np.float16]
    rgb: Image


def clouds(view: View, comparison: Comparison) -> tuple[Cloud, ...]:
    """Predicted and true depth, each in the colours of the image and of its classes, as far as the view has them."""
    labels = None if view.labels is None else comparison.of_predicted(view.labels)
    true_labels = None if view.true_labels is None else comparison.of_true(view.true_labels)
    made: list[Cloud] = []
    if view.depth_m is not None:
        made += _clouds("predicted", view.depth_m, ~hovers(view.depth_m), labels, view, comparison)
    if view.true_depth_m is not None:
        made += _clouds("true", view.true_depth_m, view.true_depth_m > 0, true_labels, view, comparison)
    return tuple(made)


def _clouds(
    name: str, depth_m: DepthMap, keep: NDArray[np.bool_], places: Mask | None, view: View, comparison: Comparison
) -> Iterator[Cloud]:
    size = depth_m.shape[0], depth_m.shape[1]
    camera = scale_camera(view.camera or Camera.assumed(size), size)
    points_m, pixels = thinned_points(depth_m, camera, keep & (depth_m <= DEPTH_RANGE_M[1]), _POINTS)
    xyz_m = points_m.astype(np.float16)
    if len(pixels) and view.image is not None:
        yield Cloud(f"{name} depth, image", xyz_m, resize(view.image, size).reshape(-1, 3)[pixels])
    if len(pixels) and places is not None:
        rgb = colored(resize_nearest(places, size).ravel()[pixels], comparison.labels)
        yield Cloud(f"{name} depth, classes", xyz_m, rgb)


class Scenes:
    """Makes the 3D views of one page.

    `viewer`: viser's own page, before and after the scene in it; empty before the first. `obstacle`: why there are no
    views, in a sentence, where there would be one.
    """

    def __init__(self) -> None:
        self.viewer: tuple[str, ...] = ()
        self.obstacle = ""

    def __call__(self, made: Sequence[Cloud]) -> str:
        """What the viewer shows of these clouds, the first of them at once; empty where it shows nothing."""
        if made and not find_spec("viser"):
            self.obstacle = f"Each frame has a 3D view as well with viser: {_REMEDY}"
        if not made or self.obstacle:
            return ""
        before, marker, rest = _page(made).partition(_SCENE_BEGINS)
        if not marker:
            self.obstacle = f"No 3D views: pages of viser {version('viser')} have another form; {_REMEDY}"
            return ""
        scene, _, after = rest.partition(_SCENE_ENDS)
        self.viewer = before + _SCENE_BEGINS, _SCENE_ENDS + after
        return scene


def _page(made: Sequence[Cloud]) -> str:
    """A page with the clouds, of which the eyes in the list of its corner show one or more."""
    from viser import ViserServer

    with redirect_stdout(io.StringIO()):  # it says where it listens, which is over before anybody could look
        server = ViserServer(host="127.0.0.1", port=0, verbose=False)
        try:
            server.scene.set_up_direction("-y")
            camera = server.initial_camera
            camera.position, camera.look_at, camera.up, camera.fov = _EYE_M, _LOOKS_AT_M, (0.0, -1.0, 0.0), _FOV_RAD
            for number, each in enumerate(made):
                server.scene.add_point_cloud(
                    each.name, each.xyz_m, each.rgb, point_size=_POINT_M, point_shading="flat", visible=number == 0
                )
            return server.scene.as_html()
        finally:
            server.stop()
