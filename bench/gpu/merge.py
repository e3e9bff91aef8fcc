#!/usr/bin/env python3
"""Puts the results of run.sh's steps into one JSON document, on standard output."""
import argparse
import datetime
import glob
import json
import os
import sys
import xml.etree.ElementTree as xml

# every test of these classes compares bits with what the CPU's reference computes
EXACT = {
    "dev.tactus.kernel.cuda." + name
    for name in ("CudaAttentionTest", "CudaFlowTest", "CudaGenerateTest", "CudaSampleTest", "CudaVocoderTest",
                 "ExpertLaunchesTest", "LinearLaunchesTest", "MediaLaunchesTest", "RowLaunchesTest")
} | {"dev.tactus.engine.CudaGoldenTest", "dev.tactus.engine.CudaEngineTest"}


def tests(folder):
    """Counts of a suite's tests, of those that compare bits, and the names of those that failed."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    exact = {"passed": 0, "failed": 0, "skipped": 0}
    failed = []
    for path in glob.glob(os.path.join(folder, "**", "*.xml"), recursive=True):
        for case in xml.parse(path).getroot().iter("testcase"):
            kinds = {child.tag for child in case}
            outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
            counts[outcome] += 1
            name = case.get("classname", "").split("$")[0]
            if name in EXACT:
                exact[outcome] += 1
            if outcome == "failed":
                failed.append(name + "." + case.get("name", ""))
    return counts, exact, failed


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        return {"not_measured": str(error)}


def main():
    parser = argparse.ArgumentParser()
    for name in ("work", "gpu", "driver", "commit", "seconds", "softcuda", "quick"):
        parser.add_argument("--" + name, required=True)  # yes or another word, for the last two
    arguments = parser.parse_args()
    work = arguments.work
    result = {
        "bench": "gpu, all",
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "gpu": arguments.gpu,
        "driver": arguments.driver,
        "commit": arguments.commit,
        "quick": arguments.quick == "yes",
        "seconds": int(arguments.seconds),
    }
    if arguments.softcuda == "yes":
        result["label"] = "softcuda: no times"
    steps = []
    bits = {"passed": 0, "failed": 0, "skipped": 0}
    with open(os.path.join(work, "steps.tsv"), encoding="utf-8") as file:
        for line in file:
            name, verdict, seconds, text = (line.rstrip("\n").split("\t") + [""] * 4)[:4]
            step = {"step": name, "verdict": verdict, "text": text.strip()}
            if arguments.softcuda != "yes":
                step["seconds"] = int(seconds)
            folder = os.path.join(work, "reports", name)
            if os.path.isdir(folder):
                step["tests"], exact, failed = tests(folder)
                if failed:
                    step["failed"] = failed
                if name.startswith("suite-"):
                    bits = {key: bits[key] + exact[key] for key in bits}
            steps.append(step)
    result["steps"] = steps
    result["exact_bits_tests"] = bits
    result["tactus"] = read(os.path.join(work, "bench.json"))
    result["torch"] = [read(path) for path in sorted(glob.glob(os.path.join(work, "torch-*.json")))]
    print(f"exact class: {bits['passed']} tests compare bits with the CPU's and pass, {bits['failed']} fail, "
          f"{bits['skipped']} were left out", file=sys.stderr)
    json.dump(result, sys.stdout, indent=2, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
