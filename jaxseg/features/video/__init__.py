"""Videos read by time stamp, and features written as rows."""
