// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"math"
	"runtime/metrics"
	"time"
)

// RuntimeMetrics samples Go's runtime once a second from a goroutine and a ring of its own: GC pauses and scheduler
// latency of that second, goroutines, heap. The function it returns ends that; call it before Close.
func (p *Probe) RuntimeMetrics() (stop func()) {
	ring := p.Ring("runtime")
	if ring == nil {
		return func() {}
	}
	m := newRuntimeSampler(p)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		defer ring.Release()
		every := time.NewTicker(time.Second)
		defer every.Stop()
		for {
			select {
			case <-quit:
				return
			case <-every.C:
				m.sample(ring)
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

type runtimeSampler struct {
	samples                                    []metrics.Sample
	pauses, delays                             []uint64 // counts at the last sample
	cycles                                     uint64
	pauseCount, pauseMost, delayP99, delayMost Series
	goroutines, heap, cycleCount               Series
}

func newRuntimeSampler(p *Probe) *runtimeSampler {
	ns := func(name, description string) Series {
		return p.DeclareSeries(SeriesSpec{Name: name, Unit: "ms", Scale: 6, Description: description})
	}
	m := &runtimeSampler{
		pauseMost:  ns("go.gc.pause_max", "Longest stop of all goroutines by the collector in the last second, to the runtime's buckets"),
		delayP99:   ns("go.sched.latency_p99", "Time that goroutines were ready and did not run, 99th percentile of the last second"),
		delayMost:  ns("go.sched.latency_max", "The longest of them"),
		pauseCount: p.I64Series("go.gc.pauses", "count", 0),
		cycleCount: p.I64Series("go.gc.cycles", "count", 0),
		goroutines: p.I64Series("go.goroutines", "count", 0),
		heap:       p.I64Series("go.heap", "B", 0),
	}
	for _, name := range []string{"/gc/pauses:seconds", "/sched/latencies:seconds", "/sched/goroutines:goroutines",
		"/memory/classes/heap/objects:bytes", "/gc/cycles/total:gc-cycles"} {
		m.samples = append(m.samples, metrics.Sample{Name: name})
	}
	m.read() // what was before is nobody's second
	m.cycles = m.samples[4].Value.Uint64()
	return m
}

// New counts since the last call; nothing when the runtime does not know the metric.
func news(s *metrics.Sample, before *[]uint64) (counts []uint64, buckets []float64) {
	if s.Value.Kind() != metrics.KindFloat64Histogram {
		return nil, nil
	}
	h := s.Value.Float64Histogram()
	counts = append(counts, h.Counts...)
	for i := range counts {
		if i < len(*before) {
			counts[i] -= (*before)[i]
		}
	}
	*before = append((*before)[:0], h.Counts...)
	return counts, h.Buckets
}

// The upper bound (ns) of the bucket in which the given share of the counts is reached; 0 when there are none.
func quantile(counts []uint64, buckets []float64, share float64) (total uint64, ns int64) {
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		return 0, 0
	}
	wanted, sum := uint64(math.Ceil(share*float64(total))), uint64(0)
	for i, n := range counts {
		if sum += n; sum < wanted {
			continue
		}
		bound := buckets[i+1]
		if math.IsInf(bound, 1) {
			bound = buckets[i]
		}
		return total, int64(bound * 1e9)
	}
	return total, 0
}

func (m *runtimeSampler) read() (pauses, pauseMost, delayP99, delayMost int64) {
	metrics.Read(m.samples)
	counts, buckets := news(&m.samples[0], &m.pauses)
	total, most := quantile(counts, buckets, 1)
	counts, buckets = news(&m.samples[1], &m.delays)
	_, p99 := quantile(counts, buckets, 0.99)
	_, worst := quantile(counts, buckets, 1)
	return int64(total), most, p99, worst
}

func (m *runtimeSampler) sample(r *Ring) {
	pauses, pauseMost, delayP99, delayMost := m.read()
	r.I64(m.pauseCount, pauses)
	r.I64(m.pauseMost, pauseMost)
	r.I64(m.delayP99, delayP99)
	r.I64(m.delayMost, delayMost)
	for i, series := range []Series{m.goroutines, m.heap} {
		if v := m.samples[2+i].Value; v.Kind() == metrics.KindUint64 {
			r.I64(series, int64(v.Uint64()))
		}
	}
	if v := m.samples[4].Value; v.Kind() == metrics.KindUint64 {
		r.I64(m.cycleCount, int64(v.Uint64()-m.cycles))
		m.cycles = v.Uint64()
	}
}
