#!/usr/bin/env bash
# Runs one process on every worker (host) of a TPU slice; each drives the chips of its own host.
#
#     launch/tpu_pod.sh NAME ZONE ARGS...    from a workstation that has gcloud
#     launch/tpu_pod.sh ARGS...              on a worker: the same must start on all the others
#
#     launch/tpu_pod.sh pod-1 us-central2-b --config=configs/case_thumos14.py \
#         --config.data.root=/mnt/shared/THUMOS14 --workdir=/mnt/shared/runs/case
#
# ARGS are those of `python -m jaxseg.main`, among them --workdir=FOLDER on a file system that all
# workers have mounted: process 0 writes logs and reports there, all of them checkpoints. Filestore
# (NFS) will do. So does a bucket through gcsfuse if it has a hierarchical namespace: a checkpoint
# is complete when its folder is renamed, which other buckets do file by file.
#
# Every worker has the checkout in CHECKOUT (default jaxseg, below the home folder) and in its .venv
# what requirements.txt lists and jax[tpu]. A process that was told to stop saves and ends with 143;
# with that, or a signal's death, it is started again, RETRIES times (default 20), as on the other
# workers, whom its end has ended. When a slice is preempted for good, or after a mistake that one
# worker alone has found (the others then wait five minutes a time for it), give the command again.
#
# Tried on: nothing yet. No TPU was at hand: syntax checked, commands run against a stand-in gcloud.
set -u

complain() {
    printf 'tpu_pod.sh: error: %s\n' "$*" >&2
    exit 2
}

[[ " $*" == *" --workdir"* ]] ||
    complain "give --workdir=FOLDER, on a file system that all workers share"
RETRIES=${RETRIES-20}

if [[ $1 != -* ]]; then
    name=$1 zone=${2-}
    [[ $zone && $zone != -* ]] || complain "give the zone of $name after its name"
    shift 2
    printf -v command ' %q' "$@"
    printf -v folder '%q' "${CHECKOUT-jaxseg}"
    command="cd $folder && PATH=\$PWD/.venv/bin:\$PATH RETRIES=$RETRIES launch/tpu_pod.sh$command"
    exec gcloud compute tpus tpu-vm ssh "$name" --zone="$zone" --worker=all --command="$command"
fi

export JAXSEG_DISTRIBUTED=1 # jax.distributed asks the TPU's metadata for the other workers
for ((tries = 0; ; tries++)); do
    python -m jaxseg.main "$@"
    status=$?
    ((status > 128 && status != 130 && tries < RETRIES)) || exit "$status"
done
