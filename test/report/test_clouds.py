# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The 3D views of a report: which clouds they have, and how viser's page is taken apart to be shared."""

from __future__ import annotations

import numpy as np
import pytest

from mt_perception.labels import CITYSCAPES
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.report.clouds import Cloud, Scenes, clouds
from mt_perception.report.images import View
from mt_perception.types import Camera

SAME = Comparison(CITYSCAPES, CITYSCAPES)
CAMERA = Camera(width_px=6, height_px=4, fx_px=4.0, fy_px=8.0, cx_px=2.5, cy_px=0.5)
IMAGE = np.full((4, 6, 3), 9, np.uint8)
LABELS = np.array([[0, 0, 10], [0, 0, 13]], np.uint8)
NEAR_M = np.full((2, 3), 4.0, np.float32)


def test_clouds_by_hand():
    """At half the size of the image fx is 2 and fy 4, and the axis goes through (1, 0): see `test_cloud.py`."""
    true_m = np.array([[4, np.nan, 90], [np.inf, 2, 2]], np.float32)
    made = clouds(View(IMAGE, LABELS, LABELS, NEAR_M, true_m, CAMERA), SAME)
    assert [each.name for each in made] == [
        "predicted depth, image", "predicted depth, classes", "true depth, image", "true depth, classes"
    ]  # fmt: skip
    by_image, by_class, _, true = made
    assert by_image.xyz_m.tolist() == [[x, y, 4] for y in (0, 1) for x in (-2, 0, 2)]
    assert (by_image.rgb == 9).all() and by_image.rgb.shape == (6, 3) and by_image.rgb.dtype == np.uint8
    assert by_class.rgb[[0, 2, 5]].tolist() == [[128, 64, 128], [70, 130, 180], [0, 0, 142]]
    assert true.xyz_m.tolist() == [[-2, 0, 4], [0, 0.5, 2], [1, 0.5, 2]], "not what is unknown or beyond the scale"
    assert true.rgb.tolist() == [[128, 64, 128], [128, 64, 128], [0, 0, 142]]


@pytest.mark.parametrize(
    ("view", "names"),
    [
        (View(IMAGE, LABELS), []),
        (View(IMAGE, LABELS, depth_m=np.full((2, 3), np.nan, np.float32)), []),
        (View(None, LABELS, depth_m=NEAR_M), ["predicted depth, classes"]),
        (View(IMAGE, None, depth_m=NEAR_M), ["predicted depth, image"]),
        (View(IMAGE, None, true_depth_m=NEAR_M), ["true depth, image"]),
    ],
)
def test_there_are_as_many_clouds_as_the_view_has_arrays(view, names):
    assert [each.name for each in clouds(view, SAME)] == names


def a_cloud(name, places=0.0):
    return Cloud(name, np.full((5, 3), places, np.float16), np.full((5, 3), 200, np.uint8))


def test_scenes_share_the_viewer_and_make_its_page_again():
    pytest.importorskip("viser", reason="viser is not installed: pip install 'mt_perception[report]'")
    scenes = Scenes()
    assert scenes([]) == "" and scenes.viewer == () and not scenes.obstacle
    first = scenes([a_cloud("one")])
    viewer = scenes.viewer
    second = scenes([a_cloud("one"), a_cloud("two", 1.0)])
    assert scenes.viewer == viewer and first != second and len(first) < 2000
    page = second.join(viewer)
    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
    assert f'="{second}"' in page


def test_a_page_of_another_form_is_told_instead_of_no_view(monkeypatch):
    viser = pytest.importorskip("viser", reason="viser is not installed: pip install 'mt_perception[report]'")
    as_html = viser.SceneApi.as_html
    monkeypatch.setattr(viser.SceneApi, "as_html", lambda scene: as_html(scene).replace("__VISER_EMBED_DATA__", "data"))
    scenes = Scenes()
    assert scenes([a_cloud("one")]) == "" and scenes.viewer == ()
    assert f"viser {viser.__version__} have another form; pip install" in scenes.obstacle


def test_the_server_behind_it_is_for_this_machine_alone_and_is_gone_afterwards(monkeypatch, capfd):
    viser = pytest.importorskip("viser", reason="viser is not installed: pip install 'mt_perception[report]'")
    process = pytest.importorskip("psutil").Process()

    def listening():
        return {each.laddr for each in process.net_connections("tcp") if each.status == "LISTEN"}

    before, seen = listening(), set()
    stop = viser.ViserServer.stop
    monkeypatch.setattr(viser.ViserServer, "stop", lambda server: (seen.update(listening()), stop(server)))
    assert Scenes()([a_cloud("one")])
    assert [each.ip for each in seen - before] == ["127.0.0.1"] and listening() <= before
    assert capfd.readouterr().out == ""
