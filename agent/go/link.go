// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// The control stream, without a goroutine of its own: TickBegin does what can be done without waiting. All of it under
// Probe.mu.
type link struct {
	fd                int
	hello             bool // said, not answered
	out, in           []byte
	choked            bool
	nextTry, nextPoll int64
	helloAt, nextTell int64
	controlSeen       uint32
	connections       uint64
	pending           []pendingFrame
	dirty             bool
	receiveBuffer     [64 << 10]byte
	descriptorSent    bool
}

type pendingFrame struct {
	kind uint16
	body []byte
}

const (
	pollEvery      = int64(250 * time.Millisecond)
	helloWithin    = int64(5 * time.Second)
	afterARefusal  = int64(5 * time.Second)
	tellChangesNot = int64(100 * time.Millisecond) // more often than this
)

var (
	errClosed = errors.New("The agent closed the connection.")
	errSilent = errors.New("The agent did not answer the hello.")
	errChoked = errors.New("The agent did not read what was sent to it.")
)

func (p *Probe) drop(why error) {
	l := &p.link
	wasLive := atomic.SwapUint32(&p.live, 0) != 0
	if l.fd >= 0 {
		closeSocket(l.fd)
	}
	l.fd, l.hello, l.out, l.in, l.choked = -1, false, nil, nil, false
	l.nextTry = Now() + int64(p.config.ReconnectEvery)
	if why != nil {
		p.err = why
	}
	if wasLive {
		p.disarm("", disarmOrphaned, false)
		p.forgetStop()
	}
}

func (p *Probe) send(kind uint16, put func(w *writer)) {
	if atomic.LoadUint32(&p.live) == 0 {
		return
	}
	p.sendRaw(frameOf(kind, put))
}

func (p *Probe) sendRaw(frame []byte) {
	if atomic.LoadUint32(&p.live) == 0 || len(frame) > frameMax+frameHead {
		return
	}
	if len(p.link.out)+len(frame) > maxOut {
		p.link.choked = true
		return
	}
	p.link.out = append(p.link.out, frame...)
}

func (p *Probe) flush() {
	l := &p.link
	for l.fd >= 0 && len(l.out) > 0 {
		descriptor := -1
		if !l.descriptorSent {
			descriptor = p.memory.fd
		}
		n, err := sendSome(l.fd, l.out, descriptor)
		if err != nil || n <= 0 {
			return // full: at the next tick; broken: receiving will say so
		}
		l.descriptorSent = true
		l.out = l.out[n:]
	}
	if len(l.out) == 0 {
		l.out = nil
	}
}

func (p *Probe) connect(now int64) {
	l := &p.link
	l.nextTry = now + int64(p.config.ReconnectEvery)
	if l.fd = connectTo(p.config.Socket); l.fd < 0 {
		return
	}
	l.hello, l.helloAt, l.nextPoll, l.descriptorSent = true, now, 0, false
	l.out = p.hello()
	p.flush()
}

// What can be done without waiting.
func (p *Probe) service(now int64) {
	l := &p.link
	if l.fd < 0 && now >= l.nextTry {
		p.connect(now)
	}
	if l.fd < 0 {
		return
	}
	word := atomic.LoadUint32(p.lane32(laneControl))
	if word != l.controlSeen || now >= l.nextPoll || l.hello {
		l.controlSeen, l.nextPoll = word, now+pollEvery
		p.receive()
	}
	switch {
	case l.fd < 0:
		return
	case l.hello && now-l.helloAt > helloWithin:
		p.drop(errSilent)
	case l.choked:
		p.drop(errChoked)
	case atomic.LoadUint32(&p.live) != 0 && l.dirty && now >= l.nextTell:
		l.nextTell, l.dirty = now+tellChangesNot, false
		for _, m := range p.params {
			if m.dirty {
				m.dirty = false
				p.tellValue(m, "", now)
			}
		}
	}
	p.flush()
}

func (p *Probe) receive() {
	l := &p.link
	for taken := 0; l.fd >= 0 && taken < perService; {
		n, err := receiveSome(l.fd, l.receiveBuffer[:])
		if err == errWouldWait {
			return
		}
		if err != nil || n <= 0 {
			p.drop(errClosed)
			return
		}
		taken += n
		l.in = append(l.in, l.receiveBuffer[:n]...)
		p.frames()
	}
}

func (p *Probe) frames() {
	l := &p.link
	at := 0
	for l.fd >= 0 {
		kind, body, took, err := nextFrame(l.in[at:])
		if err != nil {
			p.drop(errors.New("The agent sent a frame larger than 1 MiB."))
			return
		}
		if took == 0 {
			break
		}
		at += took
		p.dispatch(kind, body)
	}
	if l.fd >= 0 {
		l.in = append(l.in[:0], l.in[at:]...)
	}
}

func (p *Probe) dispatch(kind uint16, body []byte) {
	r := reader{b: body}
	switch {
	case kind == fWelcome:
		p.welcomed(&r)
	case kind == fRefused:
		r.u8()
		p.drop(fmt.Errorf("The agent refused this process: %s", r.text()))
		p.link.nextTry = Now() + afterARefusal
	case atomic.LoadUint32(&p.live) == 0:
		p.drop(errors.New("The agent sent something before its welcome."))
	case kind == fPush || kind == fActionRun:
		p.await(kind, body)
	case kind == fQuery:
		p.answer(&r)
	case kind == fArm:
		p.armed(&r)
	case kind == fDisarm:
		p.disarm(r.text(), disarmAsked, true)
	}
}

func (p *Probe) welcomed(r *reader) {
	if version := r.u16(); !p.link.hello || r.bad || version != protocol {
		p.drop(errors.New("The agent speaks another protocol; update the older of the two."))
		p.link.nextTry = Now() + afterARefusal
		return
	}
	p.link.hello = false
	p.err = nil
	p.parkRefused = false
	p.link.connections++
	atomic.StoreUint32(&p.attached, 1)
	atomic.StoreUint32(&p.live, 1)
	for i := range p.series {
		if p.series[i].alive {
			p.sendSeries(Series(i))
		}
	}
	for _, m := range p.params {
		p.sendParam(m)
	}
	for _, s := range p.sites {
		p.sendSite(s)
	}
	for i := range p.acts {
		p.sendAction(&p.acts[i])
	}
	p.send(fDeclared, func(*writer) {})
}

// For the next tick; a copy, since the bytes are the receive buffer's.
func (p *Probe) await(kind uint16, body []byte) {
	if len(p.link.pending) < maxPending {
		p.link.pending = append(p.link.pending, pendingFrame{kind, append([]byte(nil), body...)})
		return
	}
	const why = "The process has too many changes waiting for its next tick; send it again."
	r := reader{b: body}
	id := r.text()
	if kind == fPush {
		p.sendRaw(p.pushResult(id, rejected, why, nil, Now()))
	} else {
		p.sendRaw(p.actionResult(id, r.text(), rejected, why, Now()))
	}
}

// The last outcomes by id, so that nothing is done twice.
type results struct {
	ids    [maxResults]string
	frames [maxResults][]byte
	next   int
}

func (r *results) find(id string) []byte {
	for i, known := range r.ids {
		if known == id && r.frames[i] != nil {
			return r.frames[i]
		}
	}
	return nil
}

func (r *results) keep(id string, frame []byte) {
	r.ids[r.next], r.frames[r.next] = id, frame
	r.next = (r.next + 1) % maxResults
}

func (p *Probe) answer(r *reader) {
	kind, id := r.u8(), r.text()
	known, of := &p.pushes, uint16(fPush)
	if kind == 2 {
		known, of = &p.runs, fActionRun
	}
	for _, waiting := range p.link.pending {
		if w := (reader{b: waiting.body}); waiting.kind == of && w.text() == id {
			return // its result comes by itself
		}
	}
	switch frame := known.find(id); {
	case frame != nil:
		p.sendRaw(frame)
	case kind == 2:
		p.sendRaw(p.actionResult(id, "", unknown, "", 0))
	default:
		p.sendRaw(p.pushResult(id, unknown, "", nil, 0))
	}
}
