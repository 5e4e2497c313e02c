// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"fmt"
	"reflect"
	"sort"
	"sync/atomic"
)

// SeriesSpec declares a series.
type SeriesSpec struct {
	Name, Unit  string
	Float       bool // else int64 with a decimal scale
	Scale       int  // shown = raw × 10^-Scale in Unit: raw ns shown in ms has 6
	Description string
	Dims        map[string]string // at most 8
	Budget      *float64          // in Unit; drawn as a line
}

type seriesEntry struct {
	spec  SeriesSpec
	alive bool
}

// DeclareSeries declares one; the same name and dimensions give the same handle again.
func (p *Probe) DeclareSeries(spec SeriesSpec) Series {
	if p == nil {
		return -1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(spec.Name) < 1 || len(spec.Name) > 255 || len(spec.Dims) > 8 || spec.Scale < -18 || spec.Scale > 18 {
		p.err = fmt.Errorf("Series %q was not declared: a name has 1 to 255 bytes, a scale -18 to 18, and there are at most 8 dimensions.", spec.Name)
		return -1
	}
	slot := -1
	for i := range p.series {
		one := &p.series[i]
		if one.spec.Name == spec.Name && one.spec.Float == spec.Float && reflect.DeepEqual(one.spec.Dims, spec.Dims) {
			slot = i
			break
		}
		if !one.alive && slot < 0 {
			slot = i
		}
	}
	if slot >= 0 && p.series[slot].alive {
		return Series(slot)
	}
	if len(p.series) < maxSeries && (slot < 0 || p.series[slot].spec.Name != spec.Name) {
		slot = len(p.series)
		p.series = append(p.series, seriesEntry{})
	}
	if slot < 0 {
		p.err = fmt.Errorf("Series %q was not declared: a process may have at most %d.", spec.Name, maxSeries)
		return -1
	}
	p.series[slot] = seriesEntry{spec, true}
	p.sendSeries(Series(slot))
	return Series(slot)
}

// I64Series declares a series of raw integers.
func (p *Probe) I64Series(name, unit string, scale int) Series {
	return p.DeclareSeries(SeriesSpec{Name: name, Unit: unit, Scale: scale})
}

// F64Series declares a series of floats.
func (p *Probe) F64Series(name, unit string) Series {
	return p.DeclareSeries(SeriesSpec{Name: name, Unit: unit, Float: true})
}

// EndSeries says that what was measured is gone; the handle may be given out again.
func (p *Probe) EndSeries(s Series) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s < 0 || int(s) >= len(p.series) || !p.series[s].alive {
		return
	}
	p.series[s].alive = false
	p.send(fSeriesEnd, func(w *writer) {
		w.u32(uint32(s))
		w.u64(atomic.LoadUint64(&p.tick))
	})
}

func (p *Probe) sendSeries(s Series) {
	spec := &p.series[s].spec
	p.send(fSeries, func(w *writer) {
		w.u32(uint32(s))
		w.text(spec.Name)
		w.text(spec.Unit)
		w.flag(spec.Float)
		w.u8(uint8(int8(spec.Scale)))
		w.text(cut(spec.Description, 1024))
		w.flag(spec.Budget != nil)
		if spec.Budget != nil {
			w.f64(*spec.Budget)
		} else {
			w.f64(0)
		}
		keys := make([]string, 0, len(spec.Dims))
		for key := range spec.Dims {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		w.u16(uint16(len(keys)))
		for _, key := range keys {
			w.text(key)
			w.text(spec.Dims[key])
		}
	})
}

// Entity is one pose of a frame; µm and µm/s.
type Entity struct {
	ID         uint32
	Flags      uint32
	X, Y, Z    int64
	VX, VY, VZ int32
	Rotation   [4]int16 // x, y, z, w, normalised × 32767; all zero: not known
}

// Flags of an Entity.
const (
	Player       = 1 << 0
	NPC          = 1 << 1
	Projectile   = 1 << 2
	Alive        = 1 << 4
	Local        = 1 << 5
	Interpolated = 1 << 8
	Extrapolated = 1 << 9
	Held         = 1 << 10
	Predicted    = 1 << 11
	Teleported   = 1 << 12
)

// Entities records where everybody is: of a server the truth of the running tick, of an editor what it drew. Goroutine
// of TickBegin. Too many or no room: dropped whole and counted.
func (p *Probe) Entities(all []Entity) {
	if !p.Connected() {
		return
	}
	var w writer
	tick, render, kind := atomic.LoadUint64(&p.tick), atomic.LoadUint64(&p.render), uint32(2)
	if p.config.Kind == Server {
		render, kind = tick<<16, 1
	}
	w.b = make([]byte, 0, 24+56*len(all))
	w.u64(tick)
	w.u64(render)
	w.u32(uint32(len(all)))
	w.u32(kind)
	for i := range all {
		e := &all[i]
		w.u32(e.ID)
		w.u32(e.Flags)
		w.u64(uint64(e.X))
		w.u64(uint64(e.Y))
		w.u64(uint64(e.Z))
		w.u32(uint32(e.VX))
		w.u32(uint32(e.VY))
		w.u32(uint32(e.VZ))
		for _, q := range e.Rotation {
			w.u16(uint16(q))
		}
		w.u32(0)
	}
	p.rings[0].blob(blobEntities, atomic.LoadInt64(&p.tickNs), w.b)
}

// Segment says that a new match, session or travel begins: ticks before and after are never joined. Goroutine of
// TickBegin. An empty domain leaves it as it was.
func (p *Probe) Segment(domain, reason string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	if validID(domain) {
		p.domain = domain
	}
	domain = p.domain
	p.hasRendered = false
	p.mu.Unlock()
	var w writer
	w.text(domain)
	w.text(cut(reason, maxString))
	p.rings[0].blob(blobSegment, Now(), w.b)
}
