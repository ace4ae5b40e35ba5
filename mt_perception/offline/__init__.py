"""Recordings, worked on without ROS: every frame through the network, lossless and repeatable."""
