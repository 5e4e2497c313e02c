// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"encoding/binary"
	"errors"
	"math"
)

// The numbers of agent/probe/wire.h; little-endian.
const (
	protocol       = 1
	helloMagic     = 0x31504451
	frameHead      = 8
	frameMax       = 1 << 20
	laneMagic      = 0x31454e414c445100
	laneVersion    = 1
	lanePage       = 4096
	ringHeadBytes  = 512
	ringNameBytes  = 32
	stopNone       = math.MaxUint64
	maxSeries      = 4096
	maxRings       = 16
	maxString      = 4096
	maxFields      = 32
	maxID          = 64
	maxParams      = 512
	maxActions     = 128
	maxSites       = 256
	maxArms        = 64
	maxPending     = 64
	maxResults     = 64
	maxOut         = 32 << 20
	perService     = 256 << 10
	reportsASecond = 20
)

// Offsets of qd_lane_header and qd_ring_header.
const (
	laneState      = 128
	laneEpoch      = 132
	laneTick       = 136
	laneTickNs     = 144
	laneRender     = 152
	laneParkedTick = 160
	laneParkedNs   = 168
	laneControl    = 256
	lanePark       = 260
	laneLease      = 264
	laneResume     = 268
	laneStopTick   = 272
	laneStopID     = 280

	ringState      = 32
	ringThread     = 36
	ringName       = 40
	ringHead       = 128
	ringBlobHead   = 136
	ringDropped    = 144
	ringDropBlobs  = 152
	ringSuppressed = 160
	ringTail       = 256
	ringBlobTail   = 264
)

const (
	recI64 = iota + 1
	recF64
	recTick
	recStamp
	recFrame
	recFrameTicks
	recBlob
	recGap
	recPark
	recResume
	recTickEnd
)

const (
	blobEntities = iota + 1
	blobEvent
	blobLog
	blobSegment
)

const (
	fHello = iota + 1
	fSeries
	fSeriesEnd
	fParam
	fParamValue
	fSite
	fAction
	fDeclared
	fArmResult
	fDisarmed
	fHit
	fParked
	fResumed
	fPushResult
	fActionResult
	fBye
)

const (
	fWelcome = iota + 64
	fRefused
	fPush
	fQuery
	fArm
	fDisarm
	fActionRun
)

const (
	armStop = iota + 1
	armLog
	armCapture
)

const (
	disarmAsked = iota + 1
	disarmOrphaned
	disarmSpent
	disarmMaximum
)

const (
	resumeAsked = iota + 1
	resumeOrphaned
	resumeMaximum
)

const (
	applied = iota + 1
	rejected
	unknown
	failed
)

// A frame or a blob that is being written.
type writer struct{ b []byte }

func (w *writer) u8(v uint8)   { w.b = append(w.b, v) }
func (w *writer) u16(v uint16) { w.b = binary.LittleEndian.AppendUint16(w.b, v) }
func (w *writer) u32(v uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }
func (w *writer) f64(v float64) {
	w.u64(math.Float64bits(v))
}
func (w *writer) flag(v bool) {
	if v {
		w.u8(1)
	} else {
		w.u8(0)
	}
}
func (w *writer) text(v string) {
	if len(v) > math.MaxUint16 {
		v = v[:math.MaxUint16]
	}
	w.u16(uint16(len(v)))
	w.b = append(w.b, v...)
}

func (w *writer) value(v Value) {
	w.u8(uint8(v.Type))
	switch v.Type {
	case BoolType:
		w.flag(v.Int != 0)
	case IntType, DurationType:
		w.u64(uint64(v.Int))
	case FloatType:
		w.f64(v.Vec[0])
	case EnumType, StringType:
		w.text(v.Text)
	case VecType:
		w.u8(uint8(v.Size))
		for _, c := range v.Vec[:v.Size] {
			w.f64(c)
		}
	}
}

func (w *writer) fields(all []Field) {
	for _, f := range all {
		w.text(cut(f.Name, maxString))
		v := f.Value
		v.Text = cut(v.Text, maxString)
		w.value(v)
	}
}

// Whole frames, one behind the other.
func frameOf(kind uint16, put func(w *writer)) []byte {
	w := writer{make([]byte, frameHead, 128)}
	put(&w)
	binary.LittleEndian.PutUint32(w.b, uint32(len(w.b)-frameHead))
	binary.LittleEndian.PutUint16(w.b[4:], kind)
	return w.b
}

var errFrame = errors.New("the agent sent a broken frame")

// The next frame of `in` and what it takes; nothing (0) when more must come first.
func nextFrame(in []byte) (kind uint16, body []byte, took int, err error) {
	if len(in) < frameHead {
		return 0, nil, 0, nil
	}
	size := binary.LittleEndian.Uint32(in)
	if size > frameMax {
		return 0, nil, 0, errFrame
	}
	if len(in) < frameHead+int(size) {
		return 0, nil, 0, nil
	}
	return binary.LittleEndian.Uint16(in[4:]), in[frameHead : frameHead+int(size)], frameHead + int(size), nil
}

// Reads a payload; after the first short or broken read it is `bad` and yields zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return make([]byte, 8)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}
func (r *reader) u8() uint8    { return r.take(1)[0] }
func (r *reader) u16() uint16  { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32  { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) u64() uint64  { return binary.LittleEndian.Uint64(r.take(8)) }
func (r *reader) f64() float64 { return math.Float64frombits(r.u64()) }
func (r *reader) text() string {
	n := int(r.u16())
	if r.bad || n > len(r.b) {
		r.bad = true
		return ""
	}
	return string(r.take(n))
}

func (r *reader) value() Value {
	v := Value{Type: Type(r.u8())}
	switch v.Type {
	case NoType:
	case BoolType:
		v.Int = int64(r.u8())
		if v.Int != 0 {
			v.Int = 1
		}
	case IntType, DurationType:
		v.Int = int64(r.u64())
	case FloatType:
		v.Vec[0] = r.f64()
	case EnumType, StringType:
		v.Text = r.text()
	case VecType:
		v.Size = int(r.u8())
		if v.Size < 1 || v.Size > 4 {
			r.bad = true
			v.Size = 0
		}
		for i := 0; i < v.Size; i++ {
			v.Vec[i] = r.f64()
		}
	default:
		r.bad = true
	}
	if r.bad {
		return Value{}
	}
	return v
}
