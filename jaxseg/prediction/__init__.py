"""From a finished training to files: labels of frames, or detections of intervals."""
