// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// Site is a named place in the code where a breakpoint can stop. A nil one is never enabled.
type Site struct {
	armed  int32 // [atomic]
	p      *Probe
	name   string
	file   string
	line   int
	fields string
}

type arm struct {
	id, text              string
	site                  *Site
	revision, after, most uint64
	held, reported        uint64
	stoppedSeq            uint32
	mode                  uint8
	condition             expr
	window                int64
	inWindow, suppressed  uint32
}

// Site declares one here, in the caller's file and line. `fields` are the comma-separated names of the context that Hit
// will pass, so that a condition with a wrong name is refused when it is armed; "": anything goes.
func (p *Probe) Site(name, fields string) *Site {
	if p == nil || len(name) < 1 || len(name) > 255 {
		return nil
	}
	_, file, line, _ := runtime.Caller(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sites {
		if s.name == name {
			return s
		}
	}
	if len(p.sites) >= maxSites {
		return nil
	}
	s := &Site{p: p, name: name, file: file, line: line, fields: fields}
	p.sites = append(p.sites, s)
	p.sendSite(s)
	return s
}

func (p *Probe) sendSite(s *Site) {
	p.send(fSite, func(w *writer) {
		w.text(s.name)
		w.text(s.file)
		w.u32(uint32(s.line))
		w.text(s.fields)
	})
}

// Enabled is one load: gather the context only when it says so.
func (s *Site) Enabled() bool { return s != nil && atomic.LoadInt32(&s.armed) != 0 }

// Hit tells the breakpoints armed here; any goroutine. True when one of them stops the game at its next boundary.
func (s *Site) Hit(fields ...Field) bool {
	if !s.Enabled() {
		return false
	}
	fields = fields[:min(len(fields), maxFields)]
	p := s.p
	var lines []string
	stops := false
	p.mu.Lock()
	for _, a := range append([]*arm(nil), p.arms...) {
		if a.site == s && atomic.LoadUint32(&p.live) != 0 {
			stops = p.hit(a, fields, &lines) || stops
		}
	}
	p.flush()
	p.mu.Unlock()
	for _, line := range lines {
		p.Log(Info, s.name, line)
	}
	return stops
}

func (p *Probe) hit(a *arm, fields []Field, lines *[]string) bool {
	if !holds(a.condition, fields) {
		return false
	}
	if a.held++; a.held <= a.after {
		return false
	}
	if !p.mayReport(a) {
		a.suppressed++
		return a.mode == armStop
	}
	a.reported++
	if a.mode == armLog {
		*lines = append(*lines, expand(a.text, fields))
	} else {
		p.sendHit(a, fields)
	}
	if a.mode == armStop && atomic.SwapUint32(&p.stopping, 1) == 0 {
		p.stopID = a.id
	}
	if a.most != 0 && a.reported >= a.most {
		p.disarm(a.id, disarmSpent, true)
	}
	return a.mode == armStop
}

// One that stops reports once a tick, another at most 20 times a second; the rest is counted.
func (p *Probe) mayReport(a *arm) bool {
	if a.mode == armStop {
		seq := atomic.LoadUint32(&p.seq)
		if a.reported > 0 && a.stoppedSeq == seq {
			return false
		}
		a.stoppedSeq = seq
		return true
	}
	if now := Now(); now-a.window >= int64(time.Second) {
		a.window, a.inWindow = now, 0
	}
	a.inWindow++
	return a.inWindow <= reportsASecond
}

func (p *Probe) sendHit(a *arm, fields []Field) {
	tick := p.domainTick()
	p.send(fHit, func(w *writer) {
		w.text(a.id)
		w.u64(a.revision)
		w.text(a.site.name)
		w.text("go")
		w.u64(a.held)
		w.u64(tick)
		w.u64(p.renderTick())
		w.u64(uint64(Now()))
		w.u32(atomic.LoadUint32(p.lane32(laneEpoch)))
		w.u8(a.mode)
		w.flag(a.mode == armStop)
		w.u32(a.suppressed)
		w.u16(uint16(len(fields)))
		w.fields(fields)
	})
	a.suppressed = 0
}

// "{victim} took {damage}"
func expand(text string, fields []Field) string {
	pairs := make([]string, 0, 2*len(fields))
	for _, f := range fields {
		pairs = append(pairs, "{"+f.Name+"}", cut(f.Value.String(), 200))
	}
	return cut(strings.NewReplacer(pairs...).Replace(text), 1024)
}

func (p *Probe) armed(r *reader) {
	a := &arm{id: r.text(), revision: r.u64()}
	site, condition := r.text(), r.text()
	a.after, a.most, a.mode, a.text = r.u64(), r.u64(), r.u8(), r.text()
	if r.bad {
		return
	}
	for _, s := range p.sites {
		if s.name == site {
			a.site = s
		}
	}
	reason := p.arm(a, condition)
	p.send(fArmResult, func(w *writer) {
		w.text(a.id)
		w.u64(a.revision)
		if reason == "" {
			w.u8(1)
		} else {
			w.u8(2)
		}
		w.text(reason)
		w.text(site)
		if a.site != nil {
			w.text(a.site.file)
			w.u32(uint32(a.site.line))
		} else {
			w.text("")
			w.u32(0)
		}
	})
}

// A sentence why not, or "".
func (p *Probe) arm(a *arm, condition string) string {
	switch {
	case p.parkRefused:
		return "This process stood at its maximum time and takes no breakpoints until the agent reconnects."
	case len(a.id) < 1 || len(a.id) > maxID:
		return "A breakpoint's id has 1 to 64 bytes."
	case a.mode < armStop || a.mode > armCapture:
		return "The mode of the breakpoint is unknown to this probe."
	case a.site == nil:
		return "This process has no site of that name."
	}
	var err error
	if a.condition, err = compileExpr(condition, a.site.fields); err != nil {
		return err.Error()
	}
	if a.mode == armCapture && a.most == 0 {
		a.most = 1
	}
	p.disarm(a.id, disarmAsked, false)
	if len(p.arms) >= maxArms {
		return "This process has 64 breakpoints armed already; disarm one first."
	}
	p.arms = append(p.arms, a)
	atomic.AddInt32(&a.site.armed, 1)
	return ""
}

// An empty id: all.
func (p *Probe) disarm(id string, reason uint8, tell bool) {
	kept := p.arms[:0:0]
	for _, a := range p.arms {
		if id != "" && a.id != id {
			kept = append(kept, a)
			continue
		}
		atomic.AddInt32(&a.site.armed, -1)
		if tell {
			gone := a.id
			p.send(fDisarmed, func(w *writer) {
				w.text(gone)
				w.u8(reason)
			})
		}
	}
	p.arms = kept
}
