// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Kind of a process.
type Kind uint8

// A server counts ticks of its own; an editor draws the ticks of its Domain.
const (
	Server Kind = 1
	Editor Kind = 2
)

// Level of a log line.
type Level uint8

// The levels.
const (
	Trace Level = iota
	Debug
	Info
	Warning
	Error
	Fatal
)

// Config of a Probe; only ID and Kind are needed.
type Config struct {
	ID                string // stable logical name, [A-Za-z0-9._-]{1,64}
	Kind              Kind
	Name              string // for people
	Domain            string // editors: id of the server whose ticks they draw
	TickHz            float64
	Labels            map[string]string // at most 32
	Version           string
	Commit            string
	BuildID           string
	Socket            string // default: $QUARTERDECK_SOCKET, else /run/quarterdeck/probe.sock
	Rings             int    // 2 to 16, default 8: of TickBegin's goroutine, one that all share, and those of Ring
	LogLinesPerSecond uint32 // a ring; default 200
	OrphanAfter       time.Duration
	ParkMost          time.Duration
	ReconnectEvery    time.Duration
	// OnPark is called just before the game stands (true) and just after (false, with how long it stood).
	OnPark func(parked bool, stood time.Duration)
}

// Stats of a Probe.
type Stats struct {
	Records, Dropped, DroppedBlobs, SuppressedLogs uint64
	Connections                                    uint64
	Parked                                         time.Duration
}

// Probe is a process's connection to its agent.
type Probe struct {
	config   Config
	instance uint64
	memory   *shared
	rings    []*Ring
	attached uint32 // an agent was there once: rings are written from then on [atomic]
	live     uint32 // [atomic]
	seq      uint32 // odd while tick and tickNs change [atomic]
	tick     uint64 // [atomic] frame number in an editor
	tickNs   int64  // [atomic]
	render   uint64 // [atomic] 48.16
	stopping uint32 // a site asks for the next boundary [atomic]
	goRing   sync.Mutex

	mu     sync.Mutex // everything below
	link   link
	series []seriesEntry
	params []*Param
	acts   []ActionSpec
	sites  []*Site
	arms   []*arm
	domain string
	err    error

	parkedTotal time.Duration
	parkRefused bool
	stopID      string // breakpoint that asked for the stop
	pushes      results
	runs        results
	hasRendered bool
}

var monoBase, timeBase = monotonicBase()

// Now is CLOCK_MONOTONIC in nanoseconds: the clock of every time here.
func Now() int64 { return monoBase + int64(time.Since(timeBase)) }

const (
	gameBytes, gameBlobs     = 1 << 20, 2 << 20
	workerBytes, workerBlobs = 256 << 10, 256 << 10
)

func (c *Config) fill() {
	if c.Name == "" {
		c.Name = c.ID
	}
	if c.Socket == "" {
		c.Socket = os.Getenv("QUARTERDECK_SOCKET")
	}
	if c.Socket == "" {
		c.Socket = "/run/quarterdeck/probe.sock"
	}
	if c.Rings == 0 {
		c.Rings = 8
	}
	if c.Rings < 2 {
		c.Rings = 2
	}
	c.Rings = min(c.Rings, maxRings)
	if c.LogLinesPerSecond == 0 {
		c.LogLinesPerSecond = 200
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&c.OrphanAfter, 2 * time.Second}, {&c.ParkMost, 10 * time.Minute}, {&c.ReconnectEvery, time.Second}} {
		if *d.v <= 0 {
			*d.v = d.def
		}
	}
}

func validID(id string) bool {
	if len(id) < 1 || len(id) > maxID {
		return false
	}
	for i := 0; i < len(id); i++ {
		if c := id[i]; !isLetter(c) && !isDigit(c) && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// Open makes the probe; it connects by itself, from TickBegin, as soon as an agent is there.
func Open(config Config) (*Probe, error) {
	if !validID(config.ID) {
		return nil, errors.New("The process id must be 1 to 64 of the characters A-Z a-z 0-9 . _ - ; set Config.ID.")
	}
	if config.Kind != Server && config.Kind != Editor {
		return nil, errors.New("Config.Kind must be Server or Editor.")
	}
	if config.Domain != "" && !validID(config.Domain) {
		return nil, errors.New("Config.Domain must be the id of a server process.")
	}
	if len(config.Labels) > 32 {
		return nil, errors.New("A process may have at most 32 labels.")
	}
	config.fill()
	p := &Probe{config: config, domain: config.ID}
	if config.Kind == Editor {
		p.domain = config.Domain
	}
	p.link.fd = -1
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("There is no randomness for the instance: %w.", err)
	}
	p.instance = binary.LittleEndian.Uint64(random[:]) | 1
	if err := p.layOut(); err != nil {
		return nil, err
	}
	p.claim(0, "game")
	p.claim(1, "go")
	return p, nil
}

func (p *Probe) layOut() error {
	first := (lanePage + p.config.Rings*ringHeadBytes + lanePage - 1) / lanePage * lanePage
	size := first + gameBytes + gameBlobs + (p.config.Rings-1)*(workerBytes+workerBlobs)
	memory, err := newShared(size)
	if err != nil {
		return err
	}
	p.memory = memory
	base := unsafe.Pointer(&memory.bytes[0])
	*(*uint64)(base) = laneMagic
	*(*uint32)(unsafe.Add(base, 8)) = laneVersion
	*(*uint32)(unsafe.Add(base, 12)) = uint32(p.config.Rings)
	*(*uint64)(unsafe.Add(base, 16)) = uint64(size)
	*(*uint64)(unsafe.Add(base, 24)) = p.instance
	*p.lane(laneStopTick) = stopNone
	at := first
	for i := 0; i < p.config.Rings; i++ {
		bytes, blobs := workerBytes, workerBlobs
		if i == 0 {
			bytes, blobs = gameBytes, gameBlobs
		}
		r := &Ring{p: p, index: i, base: unsafe.Add(base, lanePage+i*ringHeadBytes), mask: uint64(bytes/16 - 1), seq: &p.seq}
		*r.word(0), *r.word(8) = uint64(at), uint64(bytes/16)
		*r.word(16), *r.word(24) = uint64(at+bytes), uint64(blobs)
		r.published = r.word(ringHead)
		r.slots = unsafe.Add(base, at)
		r.blobs = memory.bytes[at+bytes : at+bytes+blobs : at+bytes+blobs]
		p.rings = append(p.rings, r)
		at += bytes + blobs
	}
	return nil
}

func (p *Probe) lane(offset int) *uint64   { return (*uint64)(unsafe.Pointer(&p.memory.bytes[offset])) }
func (p *Probe) lane32(offset int) *uint32 { return (*uint32)(unsafe.Pointer(&p.memory.bytes[offset])) }

func (p *Probe) claim(index int, name string) *Ring {
	r := p.rings[index]
	r.taken, r.name, r.stamped = true, cut(name, ringNameBytes-1), 0
	label := p.memory.bytes[lanePage+index*ringHeadBytes+ringName:][:ringNameBytes]
	copy(label, make([]byte, ringNameBytes))
	copy(label, r.name)
	atomic.StoreUint32(r.word32(ringState), 1)
	return r
}

// Game is the ring of the goroutine that calls TickBegin.
func (p *Probe) Game() *Ring {
	if p == nil {
		return nil
	}
	return p.rings[0]
}

// Ring gives a goroutine a ring of its own, until it Releases it; nil (which takes nothing) when all are taken.
func (p *Probe) Ring(name string) *Ring {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	free := -1
	for i := len(p.rings) - 1; i >= 2; i-- {
		if !p.rings[i].taken && (free < 0 || p.rings[free].name != name) {
			free = i
		}
	}
	if free < 0 {
		return nil
	}
	return p.claim(free, name)
}

// Log writes a line; any goroutine.
func (p *Probe) Log(level Level, category, text string) {
	if p == nil || atomic.LoadUint32(&p.attached) == 0 {
		return
	}
	p.goRing.Lock()
	p.rings[1].Log(level, category, text)
	p.goRing.Unlock()
}

// Event writes an event of the game; any goroutine.
func (p *Probe) Event(name string, fields ...Field) {
	if p == nil || atomic.LoadUint32(&p.attached) == 0 {
		return
	}
	p.goRing.Lock()
	p.rings[1].Event(name, fields...)
	p.goRing.Unlock()
}

// SampleI64 samples from any goroutine, through a lock; a Ring of its own is faster.
func (p *Probe) SampleI64(s Series, v int64) {
	if p == nil {
		return
	}
	p.goRing.Lock()
	p.rings[1].I64(s, v)
	p.goRing.Unlock()
}

// SampleF64 is SampleI64 for a float series.
func (p *Probe) SampleF64(s Series, v float64) {
	if p == nil {
		return
	}
	p.goRing.Lock()
	p.rings[1].F64(s, v)
	p.goRing.Unlock()
}

// Connected says whether an agent is there; gathering poses is not worth it otherwise.
func (p *Probe) Connected() bool { return p != nil && atomic.LoadUint32(&p.live) != 0 }

// Err is why there is no agent, or nil.
func (p *Probe) Err() error {
	if p == nil {
		return errors.New("The probe was not opened.")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Stats counts.
func (p *Probe) Stats() Stats {
	if p == nil {
		return Stats{}
	}
	var s Stats
	for _, r := range p.rings {
		s.Records += atomic.LoadUint64(r.published)
		s.Dropped += atomic.LoadUint64(r.word(ringDropped))
		s.DroppedBlobs += atomic.LoadUint64(r.word(ringDropBlobs))
		s.SuppressedLogs += atomic.LoadUint64(r.word(ringSuppressed))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Connections, s.Parked = p.link.connections, p.parkedTotal
	return s
}

// Close says goodbye. No goroutine may use the probe or its rings afterwards.
func (p *Probe) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	atomic.StoreUint32(p.lane32(laneState), 2)
	p.send(fBye, func(*writer) {})
	p.flush()
	p.drop(nil)
	p.memory.free()
}

func (p *Probe) hello() []byte {
	return frameOf(fHello, func(w *writer) {
		c := &p.config
		w.u32(helloMagic)
		w.u16(protocol)
		w.u16(protocol)
		w.text(c.ID)
		w.u8(uint8(c.Kind))
		w.text(c.Name)
		w.text(p.domain)
		w.f64(c.TickHz)
		w.text(c.Version)
		w.text(c.Commit)
		w.text(c.BuildID)
		w.u64(p.instance)
		w.u32(uint32(os.Getpid()))
		w.u64(uint64(Now()))
		w.u64(uint64(time.Now().UnixNano()))
		w.u64(uint64(len(p.memory.bytes)))
		w.text("go")
		w.u16(uint16(len(c.Labels)))
		keys := make([]string, 0, len(c.Labels))
		for key := range c.Labels {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		for _, key := range keys {
			w.text(key)
			w.text(c.Labels[key])
		}
	})
}
