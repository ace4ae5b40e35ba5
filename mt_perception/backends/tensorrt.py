# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The network as a TensorRT engine, built by Torch-TensorRT; around it everything is as with PyTorch on a GPU.

Torch-TensorRT converts no bytes (`uint8`), so the engine is the network alone. Pixels and results stay in PyTorch, on
the device, and in one CUDA graph with the engine. Where TensorRT is installed without it, as on a Jetson, the engine is
the whole graph, by way of ONNX: see `trt_engine`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path

import torch
from torch import Tensor, nn

from mt_perception.backends import NvidiaError, choose_precision
from mt_perception.backends.engines import EngineKey, driver_version, graph_version
from mt_perception.backends.onnx_file import read_onnx
from mt_perception.backends.torch import TYPES, TorchBackend, cuda_capability
from mt_perception.backends.trt_engine import EngineBackend, build
from mt_perception.model.bundle import WEIGHTS, Bundle
from mt_perception.model.spec import MAIN_TASKS, NetworkSpec
from mt_perception.network.export import read_network
from mt_perception.network.folding import folded
from mt_perception.network.multitask import MultiTaskNetwork
from mt_perception.network.rays import assumed_camera

_PRECISIONS = ["fp16", "bf16", "fp32"]  # int8 would need a network quantised by NVIDIA's ModelOpt
_PLAIN_PRECISIONS = ["fp16", "fp32"]  # those that ONNX graphs are made in


class TensorRtBackend(TorchBackend):
    """Runs a serialized engine for images of one size."""

    name = "tensorrt"

    def __init__(self, bundle: Bundle, size: tuple[int, int], precision: str, engine: bytes) -> None:
        super().__init__(bundle, size, precision, network=EngineNetwork(bundle.card.network, engine))


def precision_for(requested: str) -> str:
    """The engine's precision. Raises `NvidiaError` without a GPU, or for one that is not supported."""
    cuda_capability("tensorrt")
    return choose_precision(requested, _PLAIN_PRECISIONS if is_plain() else _PRECISIONS, "tensorrt", "cuda")


def is_plain() -> bool:
    """Whether TensorRT is here without Torch-TensorRT."""
    return not find_spec("torch_tensorrt")


def backend_of(bundle: Bundle, size: tuple[int, int], precision: str, engine: bytes) -> TorchBackend:
    """What runs an engine that `build_engine` has built."""
    if not is_plain():
        return TensorRtBackend(bundle, size, precision, engine)
    import tensorrt

    return EngineBackend(tensorrt, TensorRtBackend.name, bundle, size, precision, engine)


def engine_key(bundle: Bundle, size: tuple[int, int], precision: str) -> EngineKey:
    """What an engine for this machine depends on."""
    import tensorrt

    gpu = torch.cuda.get_device_properties(torch.cuda.current_device())
    return EngineKey(
        weights=bundle.card.files[WEIGHTS],
        graph=graph_version(bundle.card.network),
        height=size[0],
        width=size[1],
        precision=precision,
        gpu=gpu.name,
        compute_capability=f"{gpu.major}.{gpu.minor}",
        tensorrt=tensorrt.__version__,
        torch=torch.__version__,
        torch_tensorrt="none" if is_plain() else import_module("torch_tensorrt").__version__,
        driver=driver_version(),
    )


def tasks(spec: NetworkSpec) -> tuple[str, ...]:
    """The engine's outputs: of what the network tells, that which is deployed."""
    return MAIN_TASKS if spec.depth else MAIN_TASKS[:1]


class Maps(nn.Module):
    """What the engine computes: a normalised image (1, 3, H, W), and for a network with rays the camera (1, 4), ->
    the coarse maps of `tasks`, in this order."""

    def __init__(self, network: MultiTaskNetwork) -> None:
        super().__init__()
        self.network = network
        self.tasks = tasks(network.spec)

    def forward(self, image: Tensor, camera: Tensor | None = None) -> tuple[Tensor, ...]:
        maps = self.network.coarse(image, camera)
        return tuple(maps[task] for task in self.tasks)


def exported(
    bundle: Bundle, size: tuple[int, int], precision: str, device: str
) -> tuple[torch.export.ExportedProgram, tuple[Tensor, ...]]:
    """The program that becomes an engine, and examples of its inputs. Every type in it is explicit."""
    maps = Maps(folded(read_network(bundle))).to(device, TYPES[precision]).eval()
    image = torch.zeros(1, 3, *size, dtype=TYPES[precision], device=device)
    examples = (image, assumed_camera(image)) if bundle.card.network.rays else (image,)
    with torch.no_grad():
        return torch.export.export(maps, examples), examples


def build_engine(bundle: Bundle, size: tuple[int, int], precision: str, timing_cache: Path) -> bytes:
    """A serialized engine for this GPU. Takes minutes."""
    if is_plain():
        return build(import_module("tensorrt"), read_onnx(bundle, size, precision), timing_cache=timing_cache)
    from torch_tensorrt.dynamo import convert_exported_program_to_serialized_trt_engine as convert

    program, examples = exported(bundle, size, precision, "cuda")
    # up to 2.12 an engine keeps the program's types only when told so; later it always does, and the option is gone
    typed = {"use_explicit_typing": True} if "use_explicit_typing" in signature(convert).parameters else {}
    return convert(
        program, arg_inputs=list(examples), require_full_compilation=True, timing_cache_path=str(timing_cache), **typed
    )


class EngineNetwork(MultiTaskNetwork):
    """An engine in the place of the network: the same maps from the same image."""

    def __init__(self, spec: NetworkSpec, engine: bytes) -> None:
        import tensorrt as trt

        super().__init__(spec)
        del self.encoder, self.decoder, self.heads, self.rays  # the engine has the weights
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.WARNING))
        self._engine = self._runtime.deserialize_cuda_engine(engine)
        if self._engine is None:
            raise NvidiaError("TensorRT cannot read the engine; build it anew with force_rebuild")
        self._context = self._engine.create_execution_context()
        names = [self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)]
        is_input = [self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT for name in names]
        self._inputs = [name for name, yes in zip(names, is_input, strict=True) if yes]  # image, camera
        self._outputs = sorted(name for name, yes in zip(names, is_input, strict=True) if not yes)  # output0, output1

    def coarse(self, image: Tensor, camera: Tensor | None = None) -> dict[str, Tensor]:
        """See `MultiTaskNetwork.coarse`."""
        image = image.contiguous()
        given = (image, assumed_camera(image) if camera is None else camera)[: len(self._inputs)]
        for name, each in zip(self._inputs, given, strict=True):
            self._context.set_tensor_address(name, each.data_ptr())
        maps = []
        for name in self._outputs:
            shape = tuple(self._engine.get_tensor_shape(name))
            maps.append(torch.empty(shape, dtype=image.dtype, device=image.device))
            self._context.set_tensor_address(name, maps[-1].data_ptr())
        self._context.execute_async_v3(torch.cuda.current_stream().cuda_stream)
        return dict(zip(tasks(self.spec), maps, strict=True))
