// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// How far ahead of a store its cache line is asked for. The line was written a lap ago and read by the agent since: the
// store would wait for it. Behind a ring stand its blobs: the address lies in the mapping.
const fetchAhead = 2048

// Series is the handle of a declared series; a negative one is sampled into nothing.
type Series int32

// Ring takes the samples of one goroutine at a time; see Probe.Game and Probe.Ring. A nil Ring takes nothing.
type Ring struct {
	slots       unsafe.Pointer // two words a record
	head, limit uint64         // head may go up to limit before the reader's tail must be looked at
	mask        uint64
	published   *uint64
	seq         *uint32
	stamped     uint32 // the tick sequence that this ring has a stamp for

	p                     *Probe
	index                 int
	base                  unsafe.Pointer // of its header
	blobs                 []byte
	blobHead              uint64
	dropped, gap          uint64 // in total; since the last GAP record
	droppedBlobs          uint64
	logWindow             int64
	logLines              uint32
	logHeld, logHeldTotal uint64
	name                  string
	taken                 bool // by somebody [Probe.mu]
}

func (r *Ring) word(offset uintptr) *uint64   { return (*uint64)(unsafe.Add(r.base, offset)) }
func (r *Ring) word32(offset uintptr) *uint32 { return (*uint32)(unsafe.Add(r.base, offset)) }

// Where the next record goes; the mask keeps it inside the ring.
func (r *Ring) slot() *[2]uint64 { return (*[2]uint64)(unsafe.Add(r.slots, (r.head&r.mask)*16)) }

// I64 samples a raw value (ns, µm, bytes, count); it belongs to the running tick.
func (r *Ring) I64(s Series, v int64) {
	if s >= 0 {
		r.record(recI64|uint64(s)<<16, uint64(v))
	}
}

// F64 samples a value in the series' unit.
func (r *Ring) F64(s Series, v float64) {
	if s >= 0 {
		r.record(recF64|uint64(s)<<16, *(*uint64)(unsafe.Pointer(&v)))
	}
}

func (r *Ring) record(word, value uint64) {
	if r == nil {
		return
	}
	if r.head == r.limit || r.stamped != atomic.LoadUint32(r.seq) {
		r.recordSlow(word, value)
		return
	}
	slot := r.slot()
	slot[0], slot[1] = word, value
	r.head++
	publish(r.published, r.head, uintptr(unsafe.Pointer(slot))+fetchAhead)
}

//go:noinline
func (r *Ring) recordSlow(word, value uint64) {
	if atomic.LoadUint32(&r.p.attached) == 0 {
		return
	}
	r.stamp()
	r.push(word, value)
}

// The running tick and its time, unless they change just now: then the next sample stamps.
func (r *Ring) stamp() {
	p := r.p
	seq := atomic.LoadUint32(&p.seq)
	if seq == r.stamped || seq&1 != 0 {
		return
	}
	tick, at := atomic.LoadUint64(&p.tick), atomic.LoadInt64(&p.tickNs)
	if atomic.LoadUint32(&p.seq) != seq {
		return
	}
	if r.hasRoom(2) && r.push(recStamp|tick<<16, uint64(at)) {
		r.stamped = seq
	}
}

// Room for n records, and for the GAP record that says what was lost before them.
func (r *Ring) hasRoom(n uint64) bool {
	if atomic.LoadUint32(&r.p.attached) == 0 {
		return false
	}
	if r.gap > 0 {
		n++
	}
	if r.limit-r.head >= n {
		return true
	}
	tail := atomic.LoadUint64(r.word(ringTail))
	if r.head-tail <= r.mask+1 { // else the reader's word is not to be believed
		r.limit = tail + r.mask + 1
	}
	return r.limit-r.head >= n
}

func (r *Ring) put(word, value uint64) {
	slot := r.slot()
	slot[0], slot[1] = word, value
	r.head++
}

// Pairs of word and value, together or not at all.
func (r *Ring) push(pairs ...uint64) bool {
	n := uint64(len(pairs) / 2)
	if !r.hasRoom(n) {
		if atomic.LoadUint32(&r.p.attached) != 0 {
			r.dropped += n
			r.gap += n
			atomic.StoreUint64(r.word(ringDropped), r.dropped)
		}
		return false
	}
	if r.gap > 0 {
		r.put(recGap, r.gap)
		r.gap = 0
	}
	for i := 0; i < len(pairs); i += 2 {
		r.put(pairs[i], pairs[i+1])
	}
	publish(r.published, r.head, uintptr(unsafe.Pointer(r.slot()))+fetchAhead)
	return true
}

const blobHeadBytes = 16

// A whole blob, or nothing of it (counted).
func (r *Ring) blob(kind uint16, at int64, payload []byte) bool {
	if atomic.LoadUint32(&r.p.attached) == 0 {
		return false
	}
	r.stamp()
	size := uint64(len(r.blobs))
	total := (blobHeadBytes + uint64(len(payload)) + 7) &^ 7
	position := r.blobHead
	if start := position & (size - 1); start+total > size { // never wraps
		position += size - start
	}
	tail := atomic.LoadUint64(r.word(ringBlobTail))
	if total > frameMax || total > size || r.blobHead-tail > size || position+total-tail > size || !r.hasRoom(1) {
		r.droppedBlobs++
		atomic.StoreUint64(r.word(ringDropBlobs), r.droppedBlobs)
		return false
	}
	w := writer{r.blobs[position&(size-1):][:0]}
	w.u32(uint32(len(payload)))
	w.u16(kind)
	w.u16(0)
	w.u64(uint64(at))
	w.b = append(w.b, payload...)
	r.blobHead = position + total
	atomic.StoreUint64(r.word(ringBlobHead), r.blobHead)
	return r.push(recBlob|(blobHeadBytes+uint64(len(payload)))<<16, position)
}

// Log writes a line, at most so many a second as the configuration says; more are counted.
func (r *Ring) Log(level Level, category, text string) {
	if r == nil || atomic.LoadUint32(&r.p.attached) == 0 {
		return
	}
	now := Now()
	if now-r.logWindow >= int64(time.Second) {
		r.logWindow, r.logLines = now, 0
	}
	if r.logLines++; r.logLines > r.p.config.LogLinesPerSecond {
		r.logHeld++
		r.logHeldTotal++
		atomic.StoreUint64(r.word(ringSuppressed), r.logHeldTotal)
		return
	}
	var w writer
	w.u8(uint8(level))
	w.u32(uint32(r.logHeld))
	w.text(cut(category, maxString))
	w.text(cut(text, maxString))
	if r.blob(blobLog, now, w.b) {
		r.logHeld = 0
	}
}

// Event writes an event of the game.
func (r *Ring) Event(name string, fields ...Field) {
	if r == nil || atomic.LoadUint32(&r.p.attached) == 0 {
		return
	}
	var w writer
	w.text(cut(name, maxString))
	fields = fields[:min(len(fields), maxFields)]
	w.u16(uint16(len(fields)))
	w.fields(fields)
	r.blob(blobEvent, Now(), w.b)
}

// Release gives the ring back; another goroutine's Ring may be it then.
func (r *Ring) Release() {
	if r == nil || r.index < 2 {
		return
	}
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	r.taken = false
	atomic.StoreUint32(r.word32(ringState), 2)
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
