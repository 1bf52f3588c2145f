#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# test-bench: the benchmark runs, compares what it measures and reports all of it

import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).parent

# Speaks the workers' protocol, but its output differs from the others'.
WRONG_PROGRAM = """#!/bin/sh
echo ready flops=1 library=wrong halo=0
while read -r command file; do
  case $command in
    run)     echo 1 1 1 ;;
    compare) echo 0.5 ;;
    *)       echo done ;;
  esac
done
"""


def bench(programs, *options):
    return subprocess.run([sys.executable, HERE / "bench.py", "--programs", programs, "--smoke", *options],
                          capture_output=True, text=True)


def test_reports_every_program(programs, results, folder):
    result, output = results
    assert result.returncode == 0, result.stderr

    rows = json.loads((output / "results.json").read_text())["rows"]
    measured = {row["program"] for row in rows}
    for name, file in [("Joint Filter", "bench-joint-filter"), ("im2col + BLIS", "bench-im2col"),
                       ("oneDNN", "bench-onednn"), ("ONNX Runtime", "bench-onnxruntime")]:
        assert (name in measured) == (programs / file).exists(), name
        assert f"| {name} |" in result.stdout or f"Not measured: {name}" in result.stdout, name
    assert all(float(row["ms"]) > 0 and float(row["rss_mib"]) > 1 for row in rows)


def test_draws_a_plot(programs, results, folder):
    _, output = results
    plot = xml.etree.ElementTree.parse(output / "results.svg")
    assert len(plot.findall(".//{http://www.w3.org/2000/svg}polyline")) >= 4    # two networks, time and memory


def test_resumes(programs, results, folder):
    first, output = results
    values = json.loads((output / "results.json").read_text())
    (folder / "results.json").write_text(json.dumps(values | {"rows": values["rows"][1:], "regions": []}))

    second = bench(programs, "--output", folder, "--resume")
    assert second.returncode == 0, second.stderr
    # the first case has more rows, so that it counts as measured; the regions are not
    again = json.loads((folder / "results.json").read_text())
    assert again["rows"] == values["rows"][1:] and len(again["regions"]) == len(values["regions"]) > 0


def test_refuses_other_outputs(programs, results, folder):
    peers = [file for file in programs.glob("bench-*") if file.name in ("bench-im2col", "bench-onnxruntime")]
    for file in [programs / "bench-peak", *peers]:
        (folder / file.name).symlink_to(file)
    wrong = folder / "bench-joint-filter"
    wrong.write_text(WRONG_PROGRAM)
    wrong.chmod(0o755)

    # nothing to compare with where no other engine is built
    result = bench(folder)
    assert (result.returncode != 0 and "outputs differ: Joint Filter" in result.stderr) == bool(peers), result.stderr


def main():
    programs = pathlib.Path(sys.argv[1])
    tests = [test_reports_every_program, test_draws_a_plot, test_resumes, test_refuses_other_outputs]

    print(f"1..{len(tests)}")
    with tempfile.TemporaryDirectory() as output:
        results = bench(programs, "--output", output), pathlib.Path(output)
        passed = [run(number, test, programs, results) for number, test in enumerate(tests, 1)]
    sys.exit(not all(passed))


def run(number, test, programs, results):
    with tempfile.TemporaryDirectory() as folder:
        try:
            test(programs, results, pathlib.Path(folder))
        except (AssertionError, OSError) as error:
            print(f"not ok {number} {test.__name__}")
            print(*(f"# {line}" for line in str(error).splitlines()), sep="\n")
            return False
    print(f"ok {number} {test.__name__}")
    return True


if __name__ == "__main__":
    main()
