#!/usr/bin/env python3
"""Times the three float32 products of a linear layer in PyTorch on the CPU: what the C products are compared with.

Usage: torch_gemm.py [--threads 1,2] [--calls 101] RxNxK ...

For R rows and a weight of N by K: y = x W^T, dX = dY W, and dW += dY^T x. Prints one line per product with the median
in GFLOP/s; the products are timed in turns, so that a busy machine slows all of them alike.
"""

import argparse
import statistics
import sys
import time

try:
    import torch
except ImportError:
    print("torch is missing: nothing is measured")
    sys.exit(0)


def products(rows, n, k):
    """The three products of one layer as (name, call); all write to memory that exists."""
    x, w, dy = torch.randn(rows, k), torch.randn(n, k), torch.randn(rows, n)
    y, dx, dw = torch.empty(rows, n), torch.empty(rows, k), torch.zeros(n, k)
    wt, dyt = w.t(), dy.t()
    return [
        ("y", lambda: torch.mm(x, wt, out=y)),
        ("dX", lambda: torch.mm(dy, w, out=dx)),
        ("dW", lambda: dw.addmm_(dyt, x)),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="+", help="RxNxK, as 24x1152x384")
    parser.add_argument("--threads", default="1", help="thread counts, as 1,2")
    parser.add_argument("--calls", type=int, default=101, help="timed calls of each product")
    arguments = parser.parse_args()
    shapes = [tuple(int(part) for part in shape.split("x")) for shape in arguments.shapes]
    timed = [(shape, name, call, []) for shape in shapes for name, call in products(*shape)]
    with torch.no_grad():
        for threads in [int(part) for part in arguments.threads.split(",")]:
            torch.set_num_threads(threads)
            for i in range(arguments.calls + 3):
                for _, _, call, seconds in timed:
                    start = time.perf_counter()
                    call()
                    if i >= 3:
                        seconds.append(time.perf_counter() - start)
            for shape, name, _, seconds in timed:
                rate = 2e-9 * shape[0] * shape[1] * shape[2] / statistics.median(seconds)
                print(f"torch {torch.__version__} threads={threads} R={shape[0]} N={shape[1]} K={shape[2]} "
                      f"{name}: {rate:.1f} GFLOP/s")
                seconds.clear()


if __name__ == "__main__":
    main()
