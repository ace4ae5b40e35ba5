"""The ROS 2 layer. Only this folder imports rclpy and message packages."""
