"""What every config has, whatever its method: the file of each method adds its own keys."""

from ml_collections import ConfigDict, FieldReference


def segmentation() -> ConfigDict:
    """The keys that are common to all methods of segmentation."""
    return ConfigDict(
        {
            "seeds": 3,  # runs an activity, side by side in one program
            "activities": (),  # empty: all of them
            "num_epochs": 30,
            "sweep": (),  # e.g. ("solver.train.alpha=0.3", "solver.train.alpha=0.5")
            "mesh": {"member": 0, "data": 0},  # devices along each axis; 0: chosen by the program
            "data": {
                "name": "breakfast",
                "root": "",  # empty: the embedded twin, generated data
                "videos": "",  # these four are of asot_videos.py: the folder of the videos
                "features": "motion",  # what is made of them; or "onnx"
                "onnx": "",  # the network's file
                "reuse": "",  # fitted parts of an earlier run
                "standardize": False,  # each video's channels to mean 0 and variance 1 ...
                "unit_frames": True,  # ... and then by 1/sqrt(channels)
                "excluded": (),  # class names left out of evaluation; empty: the field's habit
                "length_tolerance": 0,  # frames by which features and labels may differ
                "fps": 0.0,  # frames a second for the report and CSV; 0: as known, or unknown
                "videos_per_batch": 2,
                "frames_per_video": 256,
                "test_share": 0.0,  # above 0: train on the rest, test on these; a split a seed
            },
            "model": {
                "layers": (64, 128, 40),  # channels of the features (0: as they are), then widths
                # K of every activity; 0: the table below; "auto": one of the range is chosen
                "num_clusters": FieldReference(0, field_type=object),
                "clusters_by_activity": {},
                "cluster_range": (2, 12),  # of "auto", which trains them all and needs 2 seeds
                "temperature": 0.1,
            },
            "optimizer": {
                "learning_rate": 1e-3,
                "weight_decay": 1e-4,
                "freeze_steps": 0,  # steps for which late parameters stay (TOT's prototypes)
                "betas": (0.9, 0.999),
                "change_at": (),  # epochs from which on the learning rate is another
                "factors": (),  # of learning_rate, from each of these on
            },
            # every: steps between two, 0: a fifth of the run; watch_every: of a run that is watched
            "checkpoint": {"every": 0, "keep": 2, "watch_every": 50},
            "predict": {"num_buckets": 6, "segments": "", "couplings": 12},
            "evaluation": {
                "protocols": ("asot-exact", "asot"),
                "seed": 0,
                "exclusion": "drop",  # excluded frames: "drop", or "background": label -1 is theirs
                "split_sil": False,  # Breakfast's SIL as two classes, at the start and at the end
            },
            "report": {"max_videos": 6},
        }
    )


# Breakfast's activities and the number of actions in each, SIL among them.
BREAKFAST = {
    "cereals": 5,
    "coffee": 7,
    "friedegg": 9,
    "juice": 8,
    "milk": 5,
    "pancake": 14,
    "salat": 8,
    "sandwich": 9,
    "scrambledegg": 12,
    "tea": 7,
}
YTI = {"changing_tire": 11, "coffee": 10, "cpr": 7, "jump_car": 12, "repot": 8}
