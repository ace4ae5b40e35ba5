"""Recordings through the network without ROS, in shards that can be made in any order, anywhere."""
