#!/usr/bin/env python3
"""Copies the subset of the recorded data that is committed for checkouts without the full set, with the manifest cut to it.

Usage: dev/make-golden-subset.py GOLDENS CHECKPOINTS [OUT [NAME...]]
Writes OUT/goldens and OUT/checkpoints, default tests/fixtures; NAME is a file beyond the committed ones, without its ending.
"""
import json
import pathlib
import shutil
import sys

FILES = [
    "dit_a_weights.safetensors",
    "dit_a_forward.safetensors",
    "dit_a_ddim10_cfg1.5.safetensors",
    "dit_a_ddpm25_cfg1.5.safetensors",
    "dit_a_l2c_ddim9_thr0.5_cfg1.5.safetensors",
    "schedules.safetensors",
    "odd_tensors_expected.safetensors",
    "dit_a_train4_clamp.safetensors",
    "forecast_fora_dit_a_ddim20_n3_nocfg.safetensors",
    "forecast_taylor_dit_a_ddim20_n3_o1_nocfg.safetensors",
    "smoothcache_calibration_dit_a_ddim20_cfg1.5.safetensors",
    "uvit_a_weights.safetensors",
    "uvit_a_forward.safetensors",
    "uvit_a_dpm20_scale0.4_l2c_thr0.5.safetensors",
    "uvit_a_train20_paperhp.safetensors",
    "uvit_schedule.safetensors",
    "metrics_fid.safetensors",
    "metrics_fid_large.safetensors",
    "metrics_is.safetensors",
    "metrics_npz.safetensors",
    "metrics_pr.safetensors",
    "npz_fortran.npz",
    "npz_header_v2.npz",
    "npz_mu_without_spatial.npz",
    "npz_no_arr_0.npz",
    "npz_reference.npz",
    "npz_samples_deflated_labels.npz",
]

goldens, checkpoints = map(pathlib.Path, sys.argv[1:3])
fixtures = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures"
FILES += [f"{name}.safetensors" for name in sys.argv[4:]]
(fixtures / "goldens").mkdir(parents=True, exist_ok=True)
(fixtures / "checkpoints").mkdir(parents=True, exist_ok=True)

manifest = json.loads((goldens / "manifest.json").read_text())
manifest["files"] = {name: manifest["files"][name] for name in FILES}
needed = {entry["case"][key] for entry in manifest["files"].values() for key in ("checkpoint", "router") if key in entry["case"]}
manifest["checkpoints"] = {name: manifest["checkpoints"][name] for name in sorted(needed)}
(fixtures / "goldens" / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
for name in FILES:
    shutil.copyfile(goldens / name, fixtures / "goldens" / name)
for name in needed:
    shutil.copyfile(checkpoints / name, fixtures / "checkpoints" / name)
