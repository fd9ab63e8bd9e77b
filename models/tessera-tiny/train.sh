#!/bin/sh
# Trains tessera-tiny from nothing and exports it: `sh train.sh FOLDER`, with the environment of setup.sh active.
# On one GPU, in half an hour: DEVICE=cuda WORKERS=14 ENCODER_MINUTES=10 DECODER_MINUTES=17 sh train.sh FOLDER
# A stage that is done is not repeated; one that was cut off goes on from its last checkpoint.
set -eu
cd "$(dirname "$0")"
work=$1
mkdir -p "$work"
python=${PYTHON:-python}
device=${DEVICE:-cpu}
if [ "$device" = cpu ]; then views=32 pictures=16; else views=256 pictures=128; fi

stage() { # stage NAME SCRIPT OPTIONS...: trains NAME.pt, from NAME.pt if a run was cut off
  name=$1
  script=$2
  shift 2
  if [ ! -e "$work/$name.done" ]; then
    if [ -e "$work/$name.pt" ]; then from="$work/$name.pt"; else from=${init:-}; fi
    echo "$name: $work/$name.log"
    "$python" -u "$script" --out "$work/$name.pt" ${from:+--init "$from"} --device "$device" --workers "${WORKERS:-0}" "$@" >> "$work/$name.log" 2>&1
    touch "$work/$name.done"
  fi
  init="$work/$name.pt"
}

[ -e "$work/tokenizer.json" ] || "$python" tokenizer.py "$work/tokenizer.json"
init=
stage encoder train_encoder.py --batch $views --minutes "${ENCODER_MINUTES:-90}" --seed 1
stage decoder train_decoder.py --tokenizer "$work/tokenizer.json" --batch $pictures --minutes "${DECODER_MINUTES:-60}" --seed 11
"$python" export.py "$work/decoder.pt" "$work/tokenizer.json" weights
"$python" evaluate.py
