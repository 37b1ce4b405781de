"""Videos read by timestamp, and one video's features written row by row."""
