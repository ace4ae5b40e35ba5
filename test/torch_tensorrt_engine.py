# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Torch-TensorRT as far as it goes without a card: prints how our program is partitioned, and the size of its engine.

    python torch_tensorrt_engine.py MODEL HEIGHT WIDTH PRECISION

A program of its own, since it deceives PyTorch: Torch-TensorRT asks `torch.cuda` for a card as it is imported. It runs
over the libraries of TensorRT for RTX, which PyPI carries; those of its own that link to TensorRT's are left out. To
build an engine needs no driver; to deserialize it does, so that ends it.
"""

import importlib.metadata
import json
import os.path
import sys
from types import SimpleNamespace

import torch

from mt_perception.backends.tensorrt import exported
from mt_perception.model.bundle import load_bundle


class Built(Exception):
    """Holds the engine where it would be deserialized."""


def pretend_a_card() -> None:
    card = SimpleNamespace(name="none", major=8, minor=6, total_memory=6 << 30, multi_processor_count=30)
    for name, answer in {
        "is_available": True, "device_count": 1, "current_device": 0, "get_device_capability": (8, 6),
        "get_device_name": card.name, "get_device_properties": card, "is_initialized": True, "set_device": None,
        "_lazy_init": None, "empty_cache": None, "synchronize": None, "memory_allocated": 0,
        "mem_get_info": (card.total_memory, card.total_memory), "set_rng_state": None,
        "get_rng_state": torch.zeros(16, dtype=torch.uint8),
    }.items():  # fmt: skip
        setattr(torch.cuda, name, lambda *_, answer=answer, **__: answer)
    importlib.metadata.packages_distributions = lambda: {"torch_tensorrt": ["torch-tensorrt-rtx"]}
    is_file = os.path.isfile
    os.path.isfile = lambda path: is_file(path) and "libtorchtrt" not in str(path)


def main(model: str, height: str, width: str, precision: str) -> None:
    program, examples = exported(load_bundle(model), (int(height), int(width)), precision, "cpu")
    pretend_a_card()
    from torch_tensorrt import dynamo
    from torch_tensorrt.dynamo.conversion import _TRTInterpreter as interpreter

    dynamo.compile(program, arg_inputs=list(examples), dryrun=True, min_block_size=1)

    def keep(_, engine):
        raise Built(bytes(engine))

    interpreter.trt._target_module.Runtime = type(
        "Runtime", (), {"__init__": lambda *_: None, "deserialize_cuda_engine": keep}
    )
    try:
        dynamo.convert_exported_program_to_serialized_trt_engine(
            program, arg_inputs=list(examples), require_full_compilation=True
        )
    except RuntimeError as error:
        if not isinstance(error.__cause__, Built):
            raise
        print(json.dumps({"engine_bytes": len(error.__cause__.args[0])}))


if __name__ == "__main__":
    main(*sys.argv[1:])
