"""Videos in snippets, with video-level labels and perhaps instances."""
