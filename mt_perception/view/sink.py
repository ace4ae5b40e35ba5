# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where what is seen goes: into rerun, on its way to a browser or to a file. All of rerun's Python is used here."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import rerun as rr
import rerun.blueprint as rrb

from mt_perception.draw import render
from mt_perception.draw.cloud import hovers, thinned_points
from mt_perception.labels import UNLABELLED, LabelSet
from mt_perception.prediction import Prediction
from mt_perception.types import Camera
from mt_perception.view.seen import FPS, Numbers, Seen

APPLICATION = "mt_perception"
TIMELINE = "stamp"
FAR_M = 40.0
_POINTS = 60_000


class Sink:
    """Takes what is seen, in the classes `labels`, to a viewer at `url`, or to the file `save`."""

    def __init__(self, labels: LabelSet, url: str = "", save: Path | None = None) -> None:
        self._stream = rr.RecordingStream(APPLICATION)
        if save:
            self._stream.save(save, default_blueprint=layout())
        else:
            self._stream.connect_grpc(url, default_blueprint=layout())
        self._stream.set_log_time_enabled(False)
        self._stream.set_log_tick_enabled(False)
        infos = [rr.AnnotationInfo(each.train_id, each.name, each.color) for each in labels]
        unlabelled = rr.AnnotationInfo(UNLABELLED, "unlabelled", (0, 0, 0, 0))
        self._stream.log("/", rr.AnnotationContext([*infos, unlabelled]), static=True)
        self._stream.log("/", rr.ViewCoordinates.RDF, static=True)
        self._stream.log("classes", rr.Image(render.legend(labels, columns=2)), static=True)

    def show(self, seen: Seen) -> None:
        """One image with all that is known of it, at its stamp."""
        prediction, outputs = seen.prediction, seen.prediction.outputs
        self.plot(prediction.frame.stamp_ns, seen.numbers)
        self._stream.log("camera", pinhole(prediction.camera))
        self._stream.log("camera/image", rr.Image(prediction.image))  # a JPEG would flicker: the page decodes it late
        if "mask" in outputs:
            self._stream.log("camera/labels", rr.SegmentationImage(prediction.mask, opacity=0.5))
        if "depth_m" in outputs:
            metres = prediction.depth_m.astype(np.float16)  # half the memory; 0.05 % are no loss to the eye
            self._stream.log("camera/depth", rr.DepthImage(metres, meter=1.0, depth_range=(0, FAR_M), colormap="turbo"))
        if {"mask", "depth_m"} <= outputs.keys():
            self._stream.log("points", points(prediction))

    def plot(self, stamp_ns: int, numbers: Numbers) -> None:
        """Numbers at a stamp, by the names of their curves."""
        self._stream.set_time(TIMELINE, timestamp=np.datetime64(stamp_ns, "ns"))
        for name, number in numbers.items():
            self._stream.log(f"plots/{name}", rr.Scalars(number))

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stream.flush()
        self._stream.disconnect()


def layout() -> rrb.Blueprint:
    """What is where in the viewer when it opens."""
    images = rrb.Vertical(
        rrb.Spatial2DView(origin="camera", contents=["camera/image"], name="image"),
        rrb.Spatial2DView(origin="camera", contents=["camera/image", "camera/labels"], name="labels"),
        rrb.Spatial2DView(origin="camera", contents=["camera/depth"], name="depth"),
    )
    eye = rrb.EyeControls3D(position=(0, -3, -5), look_target=(0, 0, 12), eye_up=(0, -1, 0))
    cloud = rrb.Spatial3DView(
        origin="/", contents=["points", "camera", "camera/image"], name="points", eye_controls=eye, line_grid=False
    )
    below = rrb.Horizontal(
        rrb.TimeSeriesView(origin="plots/latency_ms", name="latency (ms)"),
        rrb.TimeSeriesView(origin=f"plots/{FPS}", name="frames per second"),
        rrb.Spatial2DView(origin="classes", name="classes"),
        column_shares=[2, 2, 1],
    )
    return rrb.Blueprint(
        rrb.Horizontal(images, rrb.Vertical(cloud, below, row_shares=[3, 1]), column_shares=[2, 3]),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed", timeline=TIMELINE),
    )


def pinhole(camera: Camera) -> rr.Pinhole:
    """A camera as rerun has it: there pixels begin at whole numbers, so that their centres lie at halves."""
    return rr.Pinhole(
        resolution=(camera.width_px, camera.height_px),
        focal_length=(camera.fx_px, camera.fy_px),
        principal_point=(camera.cx_px + 0.5, camera.cy_px + 0.5),
        camera_xyz=rr.ViewCoordinates.RDF,
        image_plane_distance=1.0,
    )


def points(prediction: Prediction) -> rr.Points3D:
    """In the colours and with the names of their classes, so many as a browser can turn; none between two surfaces."""
    depth_m = prediction.depth_m
    xyz_m, pixels = thinned_points(depth_m, prediction.camera, ~hovers(depth_m), _POINTS)
    return rr.Points3D(xyz_m, class_ids=prediction.mask.ravel()[pixels], radii=rr.Radius.ui_points(2.0))
