"""A drive through the city as a rosbag2 recording: stereo pictures, camera_info, true labels and depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tqdm import tqdm

from mt_perception.bags import BagWriter, new_camera_info, new_compressed, new_header
from mt_perception.city import City, CityFrame, CityOptions
from mt_perception.geometry import millimetres_from_depth
from mt_perception.instants import TRUTH

FRAME_ID = "camera"


def record_city(out: Path, seed: int, seconds: float, rate_hz: float, size: tuple[int, int], quality: int = 90) -> None:
    """Write `seconds` of a drive, `rate_hz` pictures of `size` (height, width) per second. Truth is PNG, never JPEG."""
    height, width = size
    with BagWriter(out) as bag, City(seed, CityOptions(width_px=width, height_px=height)) as city:
        for index in tqdm(range(round(seconds * rate_hz)), unit="frame"):
            stamp_ns = 10**9 + round(index * 1e9 / rate_hz)
            frame = city.render(index / rate_hz)
            for topic, message in _messages(frame, stamp_ns, quality).items():
                bag.write_message(topic, stamp_ns, message)


def _messages(frame: CityFrame, stamp_ns: int, quality: int) -> dict[str, Any]:
    head = new_header(stamp_ns, FRAME_ID)
    assert frame.right is not None and frame.labels is not None and frame.depth_m is not None
    return {
        "/left/camera_info": new_camera_info(frame.camera, head),
        "/right/camera_info": new_camera_info(frame.camera, head, right_by_m=frame.camera.baseline_m or 0.0),
        f"/{TRUTH}labels/compressed": new_compressed(frame.labels, "png", head, png_compression=9),
        f"/{TRUTH}depth/compressed": new_compressed(
            millimetres_from_depth(frame.depth_m), "png", head, png_compression=9
        ),
        "/right/image_rect/compressed": new_compressed(frame.right[..., ::-1], "jpg", head, jpeg_quality=quality),
        "/left/image_rect/compressed": new_compressed(frame.left[..., ::-1], "jpg", head, jpeg_quality=quality),
    }
