"""The graph on ONNX Runtime."""

from io import BytesIO

import numpy as np
import onnxruntime
import torch

from mt_perception.backends import choose_precision
from mt_perception.network.export import read_network
from mt_perception.network.graph import DeployedGraph
from mt_perception.types import OUTPUTS, Camera


class OnnxRuntimeBackend:
    name, device = "onnxruntime", "cpu"
    progress = fallback = ""

    def __init__(self, bundle, settings, size):
        self.precision = choose_precision(settings.precision, ["fp32"], self.name, self.device)
        graph = DeployedGraph(read_network(bundle), bundle.card.input, bundle.card.labels.sky_id).eval()
        example = [torch.zeros(1, *size, 3, dtype=torch.uint8), torch.ones(1)]
        names = ["image", "depth_scale"]
        if graph.has_rays:
            example, names = [*example, torch.ones(1, 4)], [*names, "camera"]
        file = BytesIO()
        torch.onnx.export(
            graph, tuple(example), file, input_names=names, output_names=list(OUTPUTS), opset_version=17, dynamo=False
        )
        self._names = names
        self._session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])

    def infer(self, image, depth_scale, outputs, camera=None):
        height, width = image.shape[:2]
        camera = camera or Camera.assumed((height, width))
        values = (image[None], np.float32([depth_scale]), np.float32([camera.intrinsics]))
        results = self._session.run(list(outputs), dict(zip(self._names, values, strict=False)))
        return dict(zip(outputs, results, strict=True))


def open_backend(bundle, settings, size, background):
    return OnnxRuntimeBackend(bundle, settings, size)
