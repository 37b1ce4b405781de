"""Features of any network of images or clips that ONNX Runtime runs."""
