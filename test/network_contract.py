# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The contracts of networks, and what this package keeps beyond them: lively weights, and an engine's operators."""

from __future__ import annotations

import numpy as np
import pytest
from engine_operators import unsupported
from outputs import infer

from mt_perception import testing
from mt_perception.backends.tensorrt import exported

SIZE = (64, 96)
NetworkContract = testing.NetworkContract


class DeployedContract(testing.DeployedContract):
    @pytest.fixture(scope="class")
    def bundle(self, lively_bundle):
        return lively_bundle(self.spec)

    def test_its_labels_differ(self, bundle):
        mask = infer(bundle, SIZE, backend="openvino", precision="fp32")["mask"]
        assert len(np.unique(mask)) > 2, "a mask of one class proves nothing"

    def test_an_engine_would_hold_only_what_is_converted(self, bundle):
        assert unsupported(exported(bundle, SIZE, "fp32", "cpu")[0]) == (set(), set())
