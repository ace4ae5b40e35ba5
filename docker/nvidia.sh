#!/usr/bin/env bash
# What runs the network on an NVIDIA GPU: PyTorch and TensorRT for RTX. Wheels bring CUDA; the driver is the host's.
set -eo pipefail
venv/bin/pip install --no-cache-dir torch torchvision timm tensorrt-rtx-cu13
