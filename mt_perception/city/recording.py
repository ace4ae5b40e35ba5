"""A drive through the city as a rosbag2 recording: stereo pictures, camera_info, true labels and depth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from mt_perception.city import City, CityOptions
from mt_perception.datasets.recording import Form, record
from mt_perception.datasets.sample import Sample


def record_city(out: Path, seed: int, seconds: float, rate_hz: float, size: tuple[int, int], quality: int = 90) -> None:
    """Write `seconds` of a drive, `rate_hz` pictures of `size` (height, width) per second. Truth is PNG, never JPEG."""
    drive = _drive(seed, round(seconds * rate_hz), rate_hz, size)
    record(out, drive, rate_hz, Form("jpg", quality, small_depth=True))


def _drive(seed: int, frames: int, rate_hz: float, size: tuple[int, int]) -> Iterator[Sample]:
    height, width = size
    with City(seed, CityOptions(width_px=width, height_px=height)) as city:
        for index in tqdm(range(frames), unit="frame"):
            frame = city.render(index / rate_hz)
            yield Sample(f"{index}", frame.left, frame.labels, frame.depth_m, frame.camera, frame.right)
