"""The multi-task network and the graph that is deployed. Only this folder and the torch backend import torch."""
