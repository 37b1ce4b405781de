"""Files of true segments and of detections, as the programs of the field write them."""
