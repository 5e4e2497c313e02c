// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"math"
	"sync/atomic"
	"time"
)

// The longest sleep between two looks while parked.
const parkSlice = 20 * time.Millisecond

func (p *Probe) domainTick() uint64 {
	if p.config.Kind == Editor {
		return atomic.LoadUint64(&p.render) >> 16
	}
	return atomic.LoadUint64(&p.tick)
}

func (p *Probe) renderTick() uint64 {
	if p.config.Kind == Editor {
		return atomic.LoadUint64(&p.render)
	}
	return atomic.LoadUint64(&p.tick) << 16
}

func (p *Probe) advance(tick uint64, now int64) {
	atomic.AddUint32(&p.seq, 1)
	atomic.StoreUint64(&p.tick, tick)
	atomic.StoreInt64(&p.tickNs, now)
	atomic.AddUint32(&p.seq, 1)
	atomic.StoreUint64(p.lane(laneTick), tick)
	atomic.StoreUint64(p.lane(laneTickNs), uint64(now))
}

func (p *Probe) serviceLocked(now int64) {
	p.mu.Lock()
	p.service(now)
	p.mu.Unlock()
}

// TickBegin starts a step of a server: connects, receives, applies pushed parameters and runs actions, all without
// waiting. It returns the time (Now).
func (p *Probe) TickBegin(tick uint64) int64 {
	now := Now()
	if p == nil {
		return now
	}
	p.serviceLocked(now)
	p.advance(tick, now)
	if r := p.rings[0]; r.push(recTick|tick<<16, uint64(now)) {
		r.stamped = atomic.LoadUint32(&p.seq)
	}
	p.runPending(now)
	return now
}

// TickEnd ends it, after everything of the tick is done, snapshots sent included. Here alone a tick-safe stop parks the
// caller; it returns how long that was: take it out of the accumulator, no catch-up.
func (p *Probe) TickEnd() time.Duration {
	if p == nil {
		return 0
	}
	p.rings[0].push(recTickEnd|atomic.LoadUint64(&p.tick)<<16, 0)
	resume := atomic.LoadUint32(p.lane32(laneResume))
	byOrder := p.orderDue()
	if !byOrder && atomic.LoadUint32(&p.stopping) == 0 {
		return 0
	}
	return p.park(resume, byOrder)
}

// FrameBegin is the editor's TickBegin: ticks are the domain's, the render tick 48.16. Draw what it returns: less than
// asked for when a stop at a tick is pending.
func (p *Probe) FrameBegin(frame, render, predicted uint64) uint64 {
	if p == nil {
		return render
	}
	now := Now()
	p.serviceLocked(now)
	render = p.clampToStop(render)
	p.advance(frame, now)
	atomic.StoreUint64(&p.render, render)
	atomic.StoreUint64(p.lane(laneRender), render)
	p.hasRendered = true
	if r := p.rings[0]; r.push(recFrame|frame<<16, uint64(now), recFrameTicks|predicted<<16, render) {
		r.stamped = atomic.LoadUint32(&p.seq)
	}
	p.runPending(now)
	return render
}

// FrameEnd is the editor's TickEnd.
func (p *Probe) FrameEnd() time.Duration { return p.TickEnd() }

// Never beyond the stop, and never back.
func (p *Probe) clampToStop(render uint64) uint64 {
	stop, last := atomic.LoadUint64(p.lane(laneStopTick)), atomic.LoadUint64(&p.render)
	if !p.Connected() || p.parkRefused || stop >= math.MaxUint64>>16 || stop<<16 >= render {
		return render
	}
	if p.hasRendered && stop<<16 < last {
		if last < render {
			return last
		}
		return render
	}
	if p.hasRendered || stop != 0 {
		return stop << 16
	}
	return render
}

func (p *Probe) orderDue() bool {
	stop := atomic.LoadUint64(p.lane(laneStopTick))
	return stop != stopNone && p.Connected() && !p.parkRefused && p.domainTick() >= stop
}

// StopPending says that the game will stand at the end of this tick.
func (p *Probe) StopPending() bool {
	return p != nil && (atomic.LoadUint32(&p.stopping) != 0 || p.orderDue())
}

func (p *Probe) forgetStop() {
	atomic.StoreUint64(p.lane(laneStopTick), stopNone)
	atomic.StoreUint32(&p.stopping, 0)
}

// What the agent is told, again after a reconnect.
type parkedAs struct {
	tick, render, stop uint64
	at                 int64
	epoch              uint32
	bySite             bool
	breakpoint         string
}

func (p *Probe) tellParked(as *parkedAs) {
	p.send(fParked, func(w *writer) {
		w.u64(as.tick)
		w.u64(as.render)
		w.u64(uint64(as.at))
		w.u32(as.epoch)
		w.u64(as.stop)
		if as.bySite {
			w.u8(2)
		} else {
			w.u8(1)
		}
		w.text(as.breakpoint)
	})
	p.flush()
}

func (p *Probe) park(resume uint32, byOrder bool) time.Duration {
	start := Now()
	if p.config.OnPark != nil {
		p.config.OnPark(true, 0)
	}
	as := &parkedAs{tick: p.domainTick(), render: p.renderTick(), at: start, epoch: atomic.LoadUint32(p.lane32(laneEpoch))}
	if byOrder {
		as.stop = atomic.LoadUint64(p.lane(laneStopID))
	}
	p.mu.Lock()
	if as.bySite = atomic.LoadUint32(&p.stopping) != 0; as.bySite {
		as.breakpoint = p.stopID
	}
	atomic.StoreUint64(p.lane(laneParkedTick), as.tick)
	atomic.StoreUint64(p.lane(laneParkedNs), uint64(start))
	atomic.StoreUint32(p.lane32(laneState), 1)
	p.tellParked(as)
	p.mu.Unlock()
	p.rings[0].push(recPark|uint64(as.epoch)<<16, uint64(start))
	reason := p.waitParked(start, resume, as)
	p.mu.Lock()
	atomic.StoreUint32(&p.stopping, 0)
	if reason != resumeAsked {
		why := uint8(disarmOrphaned)
		if reason == resumeMaximum {
			why, p.parkRefused = disarmMaximum, true
		}
		p.disarm("", why, true)
		p.forgetStop()
	}
	stood := time.Duration(Now() - start)
	p.parkedTotal += stood
	p.tellResumed(as, reason, stood)
	p.mu.Unlock()
	if p.config.OnPark != nil {
		p.config.OnPark(false, stood)
	}
	return stood
}

func (p *Probe) tellResumed(as *parkedAs, reason uint8, stood time.Duration) {
	now, epoch := Now(), as.epoch+1
	atomic.StoreUint32(p.lane32(laneEpoch), epoch)
	atomic.StoreUint32(p.lane32(laneState), 0)
	p.rings[0].push(recResume|(uint64(epoch)<<8|uint64(reason))<<16, uint64(now))
	p.send(fResumed, func(w *writer) {
		w.u64(p.domainTick())
		w.u64(uint64(now))
		w.u32(epoch)
		w.u8(reason)
		w.u64(uint64(stood))
	})
	p.flush()
}

// Trusts the memory with nothing: it wakes by itself to look at the socket, at the lease and at its own clock.
func (p *Probe) waitParked(start int64, resume uint32, as *parkedAs) uint8 {
	word, lease := p.lane32(lanePark), atomic.LoadUint32(p.lane32(laneLease))
	p.mu.Lock()
	connections := p.link.connections
	p.mu.Unlock()
	for now, renewed := start, start; ; now = Now() {
		seen := atomic.LoadUint32(word)
		p.mu.Lock()
		p.service(now)
		if p.link.connections != connections { // a new agent does not know of the stop
			connections = p.link.connections
			p.tellParked(as)
		}
		p.mu.Unlock()
		if atomic.LoadUint32(p.lane32(laneResume)) != resume {
			return resumeAsked
		}
		if fresh := atomic.LoadUint32(p.lane32(laneLease)); fresh != lease {
			lease, renewed = fresh, now
		}
		if now-start >= int64(p.config.ParkMost) {
			return resumeMaximum
		}
		if now-renewed >= int64(p.config.OrphanAfter) {
			return resumeOrphaned
		}
		sleepOn(word, seen, parkSlice)
	}
}
