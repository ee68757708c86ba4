"""The workloads of the benchmarks, in Python's own pools of processes.

Arguments: the workload, the contestant, workers, count, and the limit of its time in seconds. Prints what
the processes of the harness print: name=value, on one line.
"""

import faulthandler
import multiprocessing
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

NUMBERS = [
    112272535095293,
    112582705942171,
    112272535095293,
    115280095190773,
    115797848077099,
    1099726899285419,
]
CHUNKS = [4_096, 16_384, 65_536, 125_000]
METHODS = {"python-forkserver": "forkserver", "python-spawn": "spawn"}


class Executor:
    """concurrent.futures.ProcessPoolExecutor."""

    def __init__(self, workers, context):
        self.pool = ProcessPoolExecutor(workers, mp_context=context)

    def call(self, function, argument):
        return self.pool.submit(function, argument).result()

    def calls(self, function, arguments):
        futures = [self.pool.submit(function, argument) for argument in arguments]
        return [future.result() for future in futures]

    def map_chunked(self, function, items, chunk):
        return list(self.pool.map(function, items, chunksize=chunk))

    def end(self):
        self.pool.shutdown()


class Pool:
    """multiprocessing.Pool."""

    def __init__(self, workers, context):
        self.pool = context.Pool(workers)

    def call(self, function, argument):
        return self.pool.apply(function, (argument,))

    def calls(self, function, arguments):
        return self.pool.map(function, arguments, chunksize=1)

    def map_chunked(self, function, items, chunk):
        return self.pool.map(function, items, chunksize=chunk)

    def end(self):
        self.pool.close()
        self.pool.join()


def is_prime(number):
    if number < 4 or number % 2 == 0:
        return number in (2, 3)
    divisor = 3
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 2
    return True


def timed(work, *arguments):
    start = time.perf_counter()
    result = work(*arguments)
    return result, time.perf_counter() - start


def move_threads(processors):
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), processors)


def placed(workload, start):
    """Starts a pool on the processors that the workload wants."""
    first, *others = sorted(os.sched_getaffinity(0))
    if workload.endswith("-apart"):
        move_threads([others[0]])
    elif workload.endswith("-together"):
        move_threads([first])
    pool = start()
    pool.calls(abs, range(100))
    if workload.endswith("-apart"):
        move_threads([first])
    return pool


def round_trip(pool, count):
    def call(number):
        result, seconds = timed(pool.call, abs, number)
        assert result == number
        return seconds

    times = [call(number) for number in range(count + count // 10)]
    times = sorted(times[count // 10 :])
    return {"p50": times[(count - 1) // 2] * 1e6, "p99": times[(count - 1) * 99 // 100] * 1e6}


def tiny_calls(pool, count):
    pool.calls(abs, range(count // 10))
    results, seconds = timed(pool.calls, abs, range(count))
    assert results == list(range(count))
    return {"speed": count / seconds / 1e3}


def map_chunked(pool, count):
    def seconds(chunk):
        results, seconds = timed(pool.map_chunked, abs, range(count), chunk)
        assert results == list(range(count))
        return seconds

    def speed(chunk):
        seconds(chunk)
        return count / statistics.median(seconds(chunk) for _ in range(3)) / 1e6

    return {"speed": max(speed(chunk) for chunk in CHUNKS)}


def payload(pool, count, mebibytes):
    sent = bytes(range(256)) * (mebibytes << 12)

    def echo():
        # Of bytes this makes no copy.
        answer, seconds = timed(pool.call, bytes, sent)
        assert answer == sent
        return seconds

    echo()
    return {"time": statistics.median(echo() for _ in range(count)) * 1e3}


def start_up(start, count):
    first, all_of_it = [], []
    for _ in range(count):
        started = time.perf_counter()
        pool = start()
        assert pool.call(abs, 1) == 1
        first.append(time.perf_counter() - started)
        pool.end()
        all_of_it.append(time.perf_counter() - started)
    return {"first": statistics.median(first) * 1e3, "all": statistics.median(all_of_it) * 1e3}


def threads(start):
    before = len(os.listdir("/proc/self/task"))
    pool = start()
    pool.calls(abs, range(1_000))
    return {"threads": len(os.listdir("/proc/self/task")) - before}


def primes(pool, count):
    pool.calls(abs, range(2))
    results, seconds = timed(pool.calls, is_prime, NUMBERS[:count])
    assert results == ([True] * 5 + [False])[:count]
    return {"time": seconds * 1e3}


def main():
    workload, contestant = sys.argv[1:3]
    workers, count, limit = map(int, sys.argv[3:])
    faulthandler.dump_traceback_later(limit, exit=True)
    kind = Pool if contestant == "python-pool" else Executor
    context = multiprocessing.get_context(METHODS.get(contestant, "fork"))

    def start():
        return kind(workers, context)

    if workload.startswith("round-trip"):
        figures = round_trip(placed(workload, start), count)
    elif workload == "tiny-calls":
        figures = tiny_calls(start(), count)
    elif workload == "map-chunked":
        figures = map_chunked(start(), count)
    elif workload.startswith("payload-"):
        figures = payload(start(), count, int(workload.removeprefix("payload-")))
    elif workload == "start-up":
        figures = start_up(start, count)
    elif workload == "threads":
        figures = threads(start)
    elif workload == "primes":
        figures = primes(start(), count)
    else:
        sys.exit(f"no workload is called {workload}")
    print(*(f"{name}={value}" for name, value in figures.items()))


main()
