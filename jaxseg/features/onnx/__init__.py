"""Features from any network that was exported to ONNX."""
