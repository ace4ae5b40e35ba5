"""A made-up city: streets that differ with every seed, seen from a moving stereo camera, with exact truth.

    with City(seed=3) as city:
        frame = city.render(t_s=2.5)

MuJoCo (`pip install 'mt_perception[sim]'`) is imported when a `City` is made, not before.
"""

from mt_perception.city.options import CityFrame, CityOptions, Mounting
from mt_perception.city.world import City

__all__ = ["City", "CityFrame", "CityOptions", "Mounting"]
