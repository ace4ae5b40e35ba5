# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A network from elsewhere made a bundle. Needs the packages onnx and openvino."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops
from safetensors.numpy import save_file

from mt_perception.backends.onnx_file import onnx_name
from mt_perception.errors import reason_of
from mt_perception.foreign.description import Description, DescriptionError
from mt_perception.foreign.graph import deployed
from mt_perception.foreign.image_input import ImageInput
from mt_perception.foreign.network_file import NetworkFile
from mt_perception.foreign.reference import COARSE, EXACT, check, finished
from mt_perception.model.bundle import OPENVINO_GRAPH, WEIGHTS, Bundle, load_bundle, new_bundle, sha256
from mt_perception.model.card import BundleCard, TrainingCamera
from mt_perception.model.spec import IMPORTED, DepthEncodingSpec, InputSpec, NetworkSpec
from mt_perception.network.graph_file import save_graph, share_constants
from mt_perception.types import OUTPUTS


def import_network(
    file: Path, description: Description, out: Path, name: str = "", command: str = ""
) -> tuple[Bundle, str]:
    """The network in `file` as a bundle in the folder `out`, and in a sentence how its graph was checked.

    Raises `DescriptionError` where the description does not fit the network, or the graph does not say what it says.
    """
    if description.depth and not description.depth.is_metric:
        raise DescriptionError(
            "relative depth has no metres, and nothing else is published as depth; leave `depth` out, or tell the "
            "factor, measured or given by its authors, with the meaning metres or inverse"
        )
    network = NetworkFile(file)
    size = network.input_size(description.input)
    image = _picture(size)
    said = network.say(description, description.input.tensor(image))
    content = _serialized(deployed(network, description, size, said), file)
    try:
        graph = _for_openvino(content)
        results = _run(graph, image)
    except RuntimeError as error:
        raise DescriptionError(f"OpenVINO cannot run {file} ({reason_of(error)})") from error
    planes = {key: description.input.planes(each.raw) for key, each in said.items()}
    checked = check(results, finished(description, planes, size), EXACT if network.is_exact else COARSE)
    card = _card(network, description, size, name or file.stem, command)
    with new_bundle(out, card) as folder:
        (folder / onnx_name(size, "fp32")).write_bytes(content)
        save_file({}, folder / WEIGHTS)  # all that the graph holds comes into it
        save_graph(graph, folder / OPENVINO_GRAPH)
        share_constants(folder)
    return load_bundle(out), checked


def _picture(size: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 with structure at several scales."""
    random = np.random.default_rng(0)
    height, width = size
    total = np.zeros((height, width, 3), np.float32)
    for step in (4, 16, 64):
        coarse = random.uniform(0, 85, (-(-height // step), -(-width // step), 3))
        total += np.repeat(np.repeat(coarse, step, axis=0), step, axis=1)[:height, :width].astype(np.float32)
    return total.astype(np.uint8)


def _serialized(model: onnx.ModelProto, file: Path) -> bytes:
    try:
        return model.SerializeToString()
    except Exception as error:  # protobuf's own, above 2 GB
        raise DescriptionError(f"{file} is too large to be imported ({error})") from None


def _for_openvino(content: bytes) -> ov.Model:
    """The same graph with outputs (H, W), as `OpenVinoBackend` takes it."""
    whole = ov.Core().read_model(content)
    results = []
    for name in OUTPUTS:
        result = ops.squeeze(whole.output(name).get_node().input_value(0), np.array([0]))
        result.output(0).get_tensor().set_names({name})
        results.append(result)
    return ov.Model(results, whole.get_parameters(), "imported")


def _run(graph: ov.Model, image: NDArray[np.uint8]) -> dict[str, NDArray[np.generic]]:
    compiled = ov.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    results = compiled({"image": image[None], "depth_scale": np.ones(1, np.float32)})
    return {name: results[compiled.output(name)] for name in OUTPUTS}


def _card(network: NetworkFile, description: Description, size: tuple[int, int], name: str, command: str) -> BundleCard:
    """What is known of it: where it comes from, and no score."""
    wanted, depth = description.input, description.depth
    near, far = depth.valid_m if depth else (0.0, 250.0)
    spec = NetworkSpec(
        encoder=IMPORTED,
        decoder=IMPORTED,
        train_ids=description.train_ids or (255,),
        depth=depth is not None,
        depth_encoding=DepthEncodingSpec(min_m=max(near, 1e-3), max_m=far),
    )
    camera = wanted.camera if depth else None
    source = {"file": network.path.name, "sha256": sha256(network.path)}
    if description.segmentation:
        source["labels"] = f"by {description.segmentation_meaning}"
    if depth:
        source["depth"] = f"by {depth.kind}"
    return BundleCard(
        name=name,
        trained=True,
        network=spec,
        input=InputSpec(size[1], size[0], *_normalisation(wanted)),
        training_camera=TrainingCamera(camera.fx_px, camera.width) if camera else None,
        labels=description.labels,
        parameters=sum(int(np.prod(each.dims)) for each in network.model.graph.initializer),
        license=description.terms or "unknown",
        command=command,
        source=source,
    )


def _normalisation(wanted: ImageInput) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of red, green and blue, of pixel values from 0 to 1."""
    mean, std = (np.broadcast_to(np.array(each) / 255, 3) for each in wanted.pixel_mean_std)
    step = -1 if wanted.channels == "bgr" else 1
    return tuple(mean[::step].tolist()), tuple(std[::step].tolist())
