"""From a folder of videos to a folder of features: `python -m jaxseg.features`.

The libraries that this needs are an extra (`pip install '.[video]'`); importing this package
alone, or asking the command for help, needs none of them.
"""
