"""The factor between the network's metres and true ones: what pixels agree on, and the ground."""
