# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The perception node: wiring between ROS and the `Perceiver`, nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from mt_perception.backends import BackendError
from mt_perception.model.card import BundleError
from mt_perception.pipeline import Perceiver
from mt_perception.ros import health, params
from mt_perception.ros.camera import CameraStream
from mt_perception.ros.model import Model
from mt_perception.ros.process import StartupError, run_node
from mt_perception.ros.worker import Worker
from mt_perception.settings import Settings, SettingsError
from mt_perception.topics import DIAGNOSTICS
from mt_perception.utils.resources import ResourceError

NODE_NAME = "perception"
_SPARE = 9  # compressed images: only decoding shows whether the newest is one, and they are small


class PerceptionNode(LifecycleNode):
    """Subscribes to a camera or several, publishes labels and depth.

    configure loads and warms the model up, activate subscribes, deactivate unsubscribes and keeps the model, cleanup
    frees it. Callbacks hand messages over; the worker's threads do the rest and publish.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NODE_NAME, **kwargs)
        self.failure = ""
        """Why the last transition failed, in one sentence."""
        self._worker: Worker[Perceiver, Any] | None = None
        self._is_made = False
        params.declare(self)
        self._settings = params.read(self)
        self._model = Model(self.get_logger())
        self._cameras: dict[str, CameraStream] = {}
        self._name_cameras()
        self.add_on_set_parameters_callback(self._on_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, DIAGNOSTICS, 1)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still: then there is most to tell
        self.create_timer(1.0, self._publish_diagnostics, clock=steady)
        self._is_made = True

    @property
    def autostart(self) -> bool:
        """Whether to configure and activate without being told."""
        return self._settings.autostart

    @property
    def build_only(self) -> bool:
        """Whether to end as soon as the model is loaded."""
        return self._settings.build_only

    # -- lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load and warm up the model, and advertise the outputs."""
        if not self._succeeds("configure", self._configure):
            self._release()
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def _configure(self) -> None:
        self._settings = params.read(self)
        self._name_cameras()
        streams = list(self._cameras.values())
        is_compressed = any(topic.compressed for each in streams for topic in each.topics)
        self._worker = Worker(
            lambda: self._model.load(self._settings),
            lambda perceiver, item: item[0].perception.process(perceiver, item[1]),
            self._on_worker_error,
            lambda item: item[0].health.returned(),
            spare=_SPARE if is_compressed else 0,
            share=lambda perceiver: perceiver.siblings(len(streams) - 1),
        )
        self._worker.start()
        for each in streams:
            each.open()

    def _name_cameras(self) -> None:
        """As the settings name them; one that there was before keeps its counts."""
        names = self._settings.cameras or ("",)
        new = {name: CameraStream(self, name, lambda: self._settings, self._put) for name in names}
        self._cameras = {name: self._cameras.get(name, camera) for name, camera in new.items()}

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the cameras."""
        if not self._succeeds("activate", self._activate):
            self._unsubscribe()
            return TransitionCallbackReturn.FAILURE
        return super().on_activate(state)

    def _activate(self) -> None:
        assert self._model.labels, "activation follows configuration"
        for each in self._cameras.values():
            each.subscribe(self._model.labels)

    def _succeeds(self, transition: str, step: Callable[[], None]) -> bool:
        """Whether `step` raises nothing; its failure is kept and logged, since rclpy would swallow it."""
        self.failure = ""
        try:
            step()
        except (SettingsError, BundleError, BackendError, ResourceError) as error:
            self.failure = str(error)
        except Exception as error:  # whatever a backend raises must not end in a traceback
            self.failure = f"{transition} failed ({type(error).__name__}: {error})"
        if self.failure:
            self.get_logger().error(self.failure)
        return not self.failure

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and keep the model."""
        self._unsubscribe()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and withdraw the outputs."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End from whatever state."""
        self._release()
        return super().on_shutdown(state)

    def destroy_node(self) -> None:
        """Stop the worker before what it publishes with goes away; one that compiles is not waited for."""
        if self._is_made:  # a context that ends destroys, since Kilted, even a node whose making failed
            self._release(patience_s=0.3)
        super().destroy_node()

    def _unsubscribe(self) -> None:
        for each in self._cameras.values():
            each.unsubscribe()

    def _release(self, patience_s: float = 10.0) -> None:
        self._unsubscribe()
        if self._worker:
            self._worker.stop(patience_s)
            self._worker = None
        for each in self._cameras.values():
            each.close()

    # -- callbacks: hand over, nothing more

    def _put(self, camera: CameraStream, message: Any) -> bool:
        return self._worker is not None and self._worker.put((camera, message), camera.name)

    def _on_worker_error(self, item: tuple[CameraStream, Any], error: Exception) -> None:
        if rclpy.ok(context=self.context):  # in one that is shutting down, publishing fails
            cause = str(error) if isinstance(error, BundleError) else f"{type(error).__name__}: {error}"
            item[0].health.restarted(f"a frame was lost and the worker is restarted: {cause}")

    def _on_parameters(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        def accept(settings: Settings) -> None:
            self._settings = settings

        return params.changed(self._settings, parameters, self._worker is not None, accept)

    def _publish_diagnostics(self) -> None:
        owner = f"{self.get_fully_qualified_name()}: "  # as diagnostic_updater names its tasks
        statuses = [self._model.status(owner)]
        for each in self._cameras.values():
            statuses += each.statuses(owner, self._model.hardware)
        self._diagnostics.publish(health.array_of(statuses, self.get_clock().now().to_msg()))


def make_node() -> PerceptionNode:
    """The node, configured and activated if `autostart` says so. Raises `StartupError` when it cannot start."""
    try:
        node = PerceptionNode()
    except SettingsError as error:
        raise StartupError(str(error)) from error
    try:
        starts = node.autostart or node.build_only
        if starts and node.trigger_configure() != TransitionCallbackReturn.SUCCESS:
            raise StartupError(node.failure, logged=True)
        if node.build_only:
            raise SystemExit(0)
        if starts and node.trigger_activate() != TransitionCallbackReturn.SUCCESS:
            raise StartupError(node.failure, logged=True)
    except BaseException:
        node.destroy_node()
        raise
    return node


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `perception_node`."""
    # OpenVINO takes its model converter along where it finds it: most of the import's time, and 20 MB, for nothing here
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
    return run_node(make_node, arguments)
