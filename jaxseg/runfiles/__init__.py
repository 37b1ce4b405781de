"""The run's own files: for each one typed record, its writer and its reader, side by side.

    about.py         config.json, versions.json, dataset.json, members.json
    metrics.py       metrics.jsonl
    segmentation.py  truth/, predictions/, couplings/, typical.json, objectives.json
    choice.py        choice.json
    savings.py       savings.json
    localization.py  truth.json, predictions/, maps/, clusters.json
    pseudo_labels.py pseudo_labels/
    evaluation.py    evaluation.json
    footage.py       footage/footage.json (read only: `jaxseg.footage` writes it)
    silence.py       SIL at both ends of a video as two classes, as scored and drawn
    checks.py        what their readers and writers share

A reader checks what it reads, once for the whole program: it raises a ValueError of one line that
names the file where one that is required is missing, or where a field or an array is missing or
not of its kind. Those who use its record check nothing again. Every file is written whole or not
at all, metrics.jsonl line by line.
"""
