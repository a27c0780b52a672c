"""Experiment tracking: publish a campaign's record, and read it back from MLflow.

The one folder that imports mlflow. Another tracker is one more file here: a class
with the methods of ``protocol.Tracker`` and a call of ``registry.register_tracker``.
"""
