#!/usr/bin/env bash
# Starts N processes of one run on this machine's CPUs; they find each other on the loopback.
#
#     launch/local_processes.sh N ARGS...
#     DEVICES=4 launch/local_processes.sh 2 --config=configs/asot_breakfast.py --config.seeds=5
#
# ARGS are those of `python -m jaxseg.main`; `python` is the one on PATH. Each process has its share
# of the cores (where there is taskset). Process 0 writes to this terminal, each of the others to a
# log that is kept, and named, when something fails. The first process that fails stops the others
# and gives the status; Ctrl-C and SIGTERM are handed on to all, which save and end. From the
# environment:
#
#     DEVICES=1    CPU devices of each process
#     RETRIES=0    how often all are started again after SIGTERM to one of them (143) or a death by
#                  a signal (137 ...); each time they go on from the newest checkpoint
#     GRACE=30     seconds from the first process's end to SIGKILL for those that are still there
#
# SIGKILL to this script itself leaves the processes to themselves.
#
# Tried on: Linux, bash 5.2, a machine of two cores, 1 and 2 processes of 1 and 2 devices, each of
# them killed and started again. Not tried on macOS, whose own bash is too old. For CPUs alone: one
# process takes all GPUs or TPU chips of a machine.
set -u

say() { printf 'local_processes.sh: %s\n' "$*" >&2; }
complain() { say "error: $*"; exit 2; }

# whole NAME VALUE LEAST: complains unless VALUE is a whole number from LEAST on.
whole() {
    if ! [[ $2 =~ ^(0|[1-9][0-9]{0,5})$ ]] || (($2 < $3)); then
        complain "$1 must be a whole number from $3 on, got '$2'"
    fi
}

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break # nobody answers: it is free
    done
    echo "$port"
}

# The cores that this shell may use, a line each: "0-2,5" is 0 1 2 5.
own_cores() {
    local part
    for part in $(taskset -cp $$ | sed 's/.*: //; s/,/ /g'); do
        seq "${part%-*}" "${part#*-}"
    done
}

# pinned ID: the words that keep process ID on its share of the cores, a line each.
pinned() {
    command -v taskset >/dev/null || return
    local cores share
    mapfile -t cores < <(own_cores)
    share=$((${#cores[@]} / N))
    ((share > 0)) || return # more processes than cores: they share them all
    printf '%s\n' taskset -c "$(IFS=,; echo "${cores[*]:$1 * share:share}")"
}

# start ID ARGS...: in a process group of its own, which Ctrl-C at the terminal does not reach, so
# that no process gets a signal twice: the second one would end it without saving.
start() {
    local id=$1 pin
    shift
    mapfile -t pin < <(pinned "$id")
    export JAX_PROCESS_ID=$id
    set -m
    if ((id == 0)); then
        "${pin[@]}" python -m jaxseg.main "$@" </dev/null &
    else
        "${pin[@]}" python -m jaxseg.main "$@" </dev/null >"$logs/$id.log" 2>&1 &
    fi
    ids[$!]=$id
    set +m
}

# hand_on SIGNAL: to every process that still runs, once for each signal that this script got.
hand_on() {
    local pid
    for pid in $(jobs -pr); do
        [[ $1 != KILL && ${told[$pid]-} == "$signals" ]] && continue
        told[$pid]=$signals
        kill -s "$1" -- "-$pid" 2>/dev/null
    done
}

# asked_to SIGNAL: this script got a signal, which is for all processes.
asked_to() {
    asked=$1 signals=$((signals + 1))
    hand_on "$1"
}

# first_failure: waits for all, or the first that fails; sets `failed` to its id and `status`.
# It asks again and again instead of `wait -n`, which never returns where a process died by a signal
# and bash noticed before, and which misses a signal that comes just before it.
first_failure() {
    local pid code
    failed="" status=0
    while ((${#ids[@]} > 0)); do
        for pid in "${!ids[@]}"; do
            kill -0 "$pid" 2>/dev/null && continue
            wait "$pid" 2>/dev/null # bash remembers how it ended
            code=$?
            # Of several that have failed since the last look, 143 is that of one that followed.
            if ((code != 0)) && [[ ! $failed || $status == 143 ]]; then
                failed=${ids[$pid]} status=$code
            fi
            unset "ids[$pid]"
        done
        [[ ! $failed ]] || return 0
        pause
    done
}

# pause: a tenth of a second, without a process that a signal to this group could reach.
pause() { read -rt 0.1 -u "$silence"; }

# stop_the_others STATUS: after an orderly stop they end by themselves; nobody outlives GRACE.
stop_the_others() {
    [[ $asked || $1 == 143 || $1 == 130 ]] || hand_on TERM
    local deadline=$((SECONDS + GRACE))
    while [[ $(jobs -pr) ]] && ((SECONDS < deadline)); do pause; done
    hand_on KILL
    wait 2>/dev/null
}

# explain: which process failed, the end of its log, and where the logs are.
explain() {
    say "process $failed of $N failed with status $status; logs: $logs"
    ((failed == 0)) || tail -n 20 "$logs/$failed.log" >&2
}

# run_all ARGS...: one start of all processes; sets `status`.
run_all() {
    local id port
    port=$(free_port)
    export JAX_COORDINATOR_ADDRESS=127.0.0.1:$port JAX_COORDINATOR_BIND_ADDRESS=127.0.0.1:$port
    logs=$(mktemp -d "${TMPDIR:-/tmp}/jaxseg_processes.XXXXXX") || exit 1
    ids=() told=()
    for ((id = 0; id < N; id++)); do start "$id" "$@"; done
    [[ $asked ]] && hand_on "$asked" # those that were not there yet when it came
    first_failure
    [[ $failed ]] && stop_the_others "$status"
    case $status in
    0 | 130 | 143) rm -r "$logs" ;;
    *) explain ;;
    esac
}

# worth_another: SIGTERM or a signal's death, but neither Ctrl-C nor what this script was asked for.
worth_another() {
    ((status > 128 && status != 130 && tries < RETRIES)) && [[ ! $asked ]]
}

if [[ ${1-} == --help || ${1-} == -h ]]; then
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit 0
fi
N=${1-} DEVICES=${DEVICES-1} RETRIES=${RETRIES-0} GRACE=${GRACE-30}
whole "the number of processes" "$N" 1
whole DEVICES "$DEVICES" 1
whole RETRIES "$RETRIES" 0
whole GRACE "$GRACE" 0
((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) ||
    complain "this is bash $BASH_VERSION, 4.4 is needed"
command -v python >/dev/null || complain "no python on PATH; activate the virtual environment first"
shift

export JAX_NUM_PROCESSES=$N JAX_NUM_CPU_DEVICES=$DEVICES JAX_PLATFORMS=cpu
asked="" tries=0 signals=0 told=()
exec {silence}<> <(:) # nobody ever writes to it
trap 'asked_to INT' INT
trap 'asked_to TERM' TERM HUP
run_all "$@"
while worth_another; do
    tries=$((tries + 1))
    say "status $status; starting all again, $tries of $RETRIES"
    run_all "$@"
done
case $status:$asked in
0:* | *:) exit "$status" ;;
*:INT) exit 130 ;;
*:TERM) exit 143 ;;
esac
