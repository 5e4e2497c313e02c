# SPDX-License-Identifier: Apache-2.0
"""Agents in another language: a well-behaved one that knows Describe and Subscribe only, and hostile ones."""
import threading
import time

from harness import pb, rpc

INSTANCE = 0x1122334455667788


def process(process_id="py-server", name=b"python game"):
    made = pb.Process(id=process_id, instance=INSTANCE, kind=pb.Process.SERVER, name=name, domain=process_id, tick_hz=60,
                      started_ns=time.time_ns())
    made.series.add(index=0, name=b"tick.duration", unit=b"ms", kind=pb.Series.INTEGER, scale=6)
    made.series.add(index=1, name=b"load", unit=b"", kind=pb.Series.DOUBLE)
    return made


def block(first, rows, tick, now, process_id="py-server"):
    """`rows` ticks from `tick` on, one integer and one double a tick."""
    made = pb.SampleBlock(first_sequence=first, count=rows * 2)
    made.process.id, made.process.instance = process_id, INSTANCE
    made.tick_deltas.extend([tick] + [1] * (rows - 1))
    made.time_deltas.extend([now] + [16_666_667] * (rows - 1))
    made.columns.add(series=0).integers.extend(1_000_000 + tick + i for i in range(rows))
    made.columns.add(series=1).doubles.extend((tick + i) / 7 for i in range(rows))
    return made


class PoliteAgent(rpc.AgentServicer):
    """Sends `rows` ticks twenty times a second until the client leaves; keeps what it sent in .sent."""

    def __init__(self, rows=3, process_id="py-server"):
        self.rows = rows
        self.process_id = process_id
        self.sent = {}  # tick -> (integer, double)
        self.started = threading.Event()

    def Describe(self, request, context):
        return pb.DescribeResponse(protocol=1, version="python 1", now_ns=time.time_ns(), processes=[process(self.process_id)],
                                   agent_id="python-agent")

    def Subscribe(self, request, context):
        state = pb.Batch()
        state.process.process.CopyFrom(process(self.process_id))
        yield state
        sequence, tick, first, base = 0, 100, 0, time.time_ns()
        self.started.set()
        gone = threading.Event()
        context.add_callback(gone.set)
        while not gone.wait(0.05):
            made = block(first, self.rows, tick, base + tick * 16_666_667, self.process_id)
            for i in range(self.rows):
                self.sent[tick + i] = (made.columns[0].integers[i], made.columns[1].doubles[i])
            yield pb.Batch(sequence=sequence + 1, previous=sequence, samples=made)
            sequence, tick, first = sequence + 1, tick + self.rows, first + 2 * self.rows


class HostileAgent(PoliteAgent):
    """A polite beginning, then every malformed batch of the list, then polite batches again."""

    def __init__(self, malformed):
        super().__init__()
        self.malformed = malformed

    def Subscribe(self, request, context):
        polite = super().Subscribe(request, context)
        yield next(polite)
        yield next(polite)
        for bad in self.malformed:
            yield bad
        yield from polite


def malformed_batches():
    now = time.time_ns()
    made = []
    good = lambda: block(10_000_000, 4, 900, now)

    longer = pb.Batch(sequence=2, previous=1, samples=good())
    longer.samples.columns[0].integers.extend([1] * 1000)  # more values than rows
    made.append(longer)

    outside = pb.Batch(sequence=3, previous=2, samples=good())
    outside.samples.columns[0].rows.extend([4_000_000_000, 1, 2, 3])  # rows that do not exist
    made.append(outside)

    unknown = pb.Batch(sequence=4, previous=3, samples=good())
    unknown.samples.process.id = "nobody"
    made.append(unknown)

    foreign = pb.Batch(sequence=5, previous=4)
    foreign.log.process.id, foreign.log.process.instance = "py-server", INSTANCE
    foreign.log.category, foreign.log.text, foreign.log.time_ns = b"\xff\xfe", b"caf\xe9 \x00\x1b[31m\xf0\x28" * 50, now
    made.append(foreign)

    shifted = pb.Batch(sequence=1, previous=77, samples=good())  # back in the order, and a hole before it
    made.append(shifted)

    absurd = pb.Batch(sequence=2**64 - 1, previous=2**64 - 2, samples=good())
    absurd.samples.tick_deltas[0] = 2**62
    absurd.samples.time_deltas[0] = -(2**62)
    made.append(absurd)

    numbers = pb.Batch(sequence=6, previous=5, samples=good())
    numbers.samples.columns[1].doubles[:] = [float("nan"), float("inf"), float("-inf"), -0.0]
    made.append(numbers)

    skewed = pb.Batch(sequence=7, previous=6)
    skewed.entities.process.id, skewed.entities.process.instance = "py-server", INSTANCE
    skewed.entities.ids.extend(range(100))
    skewed.entities.x_um.extend([1, 2, 3])  # columns of different length
    made.append(skewed)

    made.append(pb.Batch(sequence=8, previous=7))  # nothing in it
    return made
