"""MLflow: publish the record, read it back. The one folder that imports mlflow."""
