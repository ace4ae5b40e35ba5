"""Semantic labels and metric depth from one camera, with one network, in one ROS 2 node."""

__version__ = "0.1.0"
