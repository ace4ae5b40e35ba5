"""ROS messages as plain values, read and built, whoever's classes they are: rclpy's or those of rosbags."""
