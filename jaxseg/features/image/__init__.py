"""Features of a small image network whose weights come in a package: no download at run time."""
