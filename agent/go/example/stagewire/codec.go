// SPDX-License-Identifier: Apache-2.0

// Package stagewire is the server's side of the stage's netcode (stage/netcode), in Go: enough of it that the stage's
// editor and bots play on a server of another language. Handshake, signed inputs, clock echoes, delta snapshots. All
// integers; positions µm, on the wire mm.
package stagewire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// The types of a datagram.
const (
	TypeConnect = iota + 1
	TypeAccept
	TypeRefuse
	TypeInput
	TypeSnapshot
	TypeBye
)

const (
	magic       = 0x32534451
	tagBytes    = 32
	headerBytes = 29
	mtu         = 1200
	redundancy  = 8
	// Second is in nanoseconds, Metre in µm.
	Second = int64(1e9)
	Metre  = int64(1e6)
)

type writer struct{ b []byte }

func (w *writer) u8(v uint8)   { w.b = append(w.b, v) }
func (w *writer) u32(v uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }
func (w *writer) varint(v uint64) {
	w.b = binary.AppendUvarint(w.b, v)
}
func (w *writer) zigzag(v int64) { w.b = binary.AppendVarint(w.b, v) }
func (w *writer) text(v string) {
	w.varint(uint64(len(v)))
	w.b = append(w.b, v...)
}
func (w *writer) vec(v Vec) {
	w.zigzag(v.X)
	w.zigzag(v.Y)
	w.zigzag(v.Z)
}

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
func (r *reader) u8() uint8   { return r.take(1)[0] }
func (r *reader) u16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) u64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }
func (r *reader) varint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.bad || n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}
func (r *reader) zigzag() int64 {
	v := r.varint()
	return int64(v>>1) ^ -int64(v&1)
}
func (r *reader) float() float32 { return math.Float32frombits(r.u32()) }
func (r *reader) vec() Vec       { return Vec{r.zigzag(), r.zigzag(), r.zigzag()} }

// Vec is a position (µm) or a velocity (µm/s).
type Vec struct{ X, Y, Z int64 }

// Key signs the datagrams of a session.
type Key = [32]byte

func sign(key Key, data []byte) []byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write(data)
	return mac.Sum(nil)
}

// SecretFromText is what --secret means to the stage's programs.
func SecretFromText(text string) (key Key) {
	copy(key[:], sign(Key{}, []byte(text)))
	return key
}

func sessionKey(secret Key, clientNonce, serverNonce uint64, session uint32) (key Key) {
	var w writer
	w.u64(clientNonce)
	w.u64(serverNonce)
	w.u32(session)
	copy(key[:], sign(secret, w.b))
	return key
}

type header struct {
	kind              uint8
	session, sequence uint32
	sent, echo        int64
	heldUs            uint32
}

func (w *writer) header(h header) {
	w.u8(h.kind)
	w.u32(h.session)
	w.u32(h.sequence)
	w.u64(uint64(h.sent))
	w.u64(uint64(h.echo))
	w.u32(h.heldUs)
}

func (r *reader) header() header {
	return header{r.u8(), r.u32(), r.u32(), int64(r.u64()), int64(r.u64()), r.u32()}
}

// Input is what a player wants of one tick.
type Input struct {
	Tick         int64
	MoveX, MoveY float32 // −1 to 1, the world's axes
	Yaw          uint16
	Pitch        int16
	Fire, Sprint bool
}

type inputPacket struct {
	header header
	bye    bool
	ack    int64
	inputs []Input
}

// False when it is malformed or holds an impossible number.
func decodeInput(data []byte) (p inputPacket, ok bool) {
	r := reader{b: data}
	p.header = r.header()
	p.bye = r.u8() != 0
	p.ack = int64(r.varint() & (1<<48 - 1))
	r.varint() // what it draws
	r.varint() // corrections
	r.varint() // starved
	n := int(r.u8())
	if n > redundancy {
		return p, false
	}
	if n > 0 {
		tick := int64(r.varint() & (1<<48 - 1))
		for i := 0; i < n && !r.bad; i++ {
			tick += int64(r.varint() & 0xffff)
			p.inputs = append(p.inputs, r.input(tick))
		}
	}
	for _, in := range p.inputs {
		if !(in.MoveX >= -1 && in.MoveX <= 1 && in.MoveY >= -1 && in.MoveY <= 1) { // NaN too
			return p, false
		}
	}
	return p, !r.bad
}

func (r *reader) input(tick int64) Input {
	in := Input{Tick: tick, MoveX: r.float(), MoveY: r.float(), Yaw: r.u16(), Pitch: int16(r.u16())}
	buttons := r.u8()
	in.Fire, in.Sprint = buttons&1 != 0, buttons&2 != 0
	if in.Fire { // this game has no shooting; the rest of the claim is read over
		r.varint()
		r.varint()
		r.varint()
		r.zigzag()
		r.varint()
		r.vec()
	}
	return in
}

// State is what a snapshot says of one entity.
type State struct {
	ID        uint32
	NPC       bool
	Alive     bool
	Teleports uint8 // +1 at each spawn: two states are joined only when it is the same
	Health    uint8
	Yaw       uint16
	Pos, Vel  Vec
}

// As on the wire: mm, mm/s, a packed quaternion.
type entity struct {
	id                       uint32
	x, y, z, vx, vy, vz      int32
	rotation                 uint32
	flags, health, teleports uint8
}

func toMm(um int64) int32 {
	if um >= 0 {
		return int32((um + 500) / 1000)
	}
	return int32((um - 500) / 1000)
}

func quantize(s State) entity {
	e := entity{id: s.ID, x: toMm(s.Pos.X), y: toMm(s.Pos.Y), z: toMm(s.Pos.Z),
		vx: toMm(s.Vel.X), vy: toMm(s.Vel.Y), vz: toMm(s.Vel.Z),
		rotation: packYaw(s.Yaw), health: s.Health, teleports: s.Teleports}
	if s.NPC {
		e.flags |= 1
	}
	if s.Alive {
		e.flags |= 2
	}
	return e
}

// The three smallest components in 10 bits each, after the index of the largest.
func packYaw(yaw uint16) uint32 {
	half := float64(yaw) * 2 * math.Pi / 65536 / 2
	c := [4]float64{0, 0, math.Sin(half), math.Cos(half)}
	largest := 3
	if math.Abs(c[2]) > math.Abs(c[3]) {
		largest = 2
	}
	sign := 1.0
	if c[largest] < 0 {
		sign = -1
	}
	packed := uint32(largest)
	for i, v := range c {
		if i != largest {
			unit := math.Min(math.Max((v*sign/math.Sqrt2*2+1)/2, 0), 1)
			packed = packed<<10 | uint32(math.Round(unit*1023))
		}
	}
	return packed
}

const (
	maskX = 1 << iota
	maskY
	maskZ
	maskVelocity
	maskRotation
	maskStatus
	maskGone
)

func changes(a, b entity) (mask uint8) {
	set := func(differs bool, bit uint8) {
		if differs {
			mask |= bit
		}
	}
	set(a.x != b.x, maskX)
	set(a.y != b.y, maskY)
	set(a.z != b.z, maskZ)
	set(a.vx != b.vx || a.vy != b.vy || a.vz != b.vz, maskVelocity)
	set(a.rotation != b.rotation, maskRotation)
	set(a.flags != b.flags || a.health != b.health || a.teleports != b.teleports, maskStatus)
	return mask
}

func (w *writer) entity(base, now entity, mask uint8) {
	w.u8(mask)
	if mask&maskX != 0 {
		w.zigzag(int64(now.x) - int64(base.x))
	}
	if mask&maskY != 0 {
		w.zigzag(int64(now.y) - int64(base.y))
	}
	if mask&maskZ != 0 {
		w.zigzag(int64(now.z) - int64(base.z))
	}
	if mask&maskVelocity != 0 {
		w.zigzag(int64(now.vx) - int64(base.vx))
		w.zigzag(int64(now.vy) - int64(base.vy))
		w.zigzag(int64(now.vz) - int64(base.vz))
	}
	if mask&maskRotation != 0 {
		w.u32(now.rotation)
	}
	if mask&maskStatus != 0 {
		w.u8(now.flags)
		w.u8(now.health)
		w.u8(now.teleports)
	}
}

// Records (id difference, mask, changed fields), sorted by id; maskGone removes, unlisted ones stay.
func encodeDelta(w *writer, baseline, now []entity) {
	type record struct {
		id   uint32
		base entity
		now  entity
		mask uint8
	}
	var records []record
	b := 0
	for _, e := range now {
		for ; b < len(baseline) && baseline[b].id < e.id; b++ {
			records = append(records, record{id: baseline[b].id, mask: maskGone})
		}
		base, known := entity{}, b < len(baseline) && baseline[b].id == e.id
		if known {
			base = baseline[b]
			b++
		}
		if mask := changes(base, e); !known || mask != 0 {
			records = append(records, record{e.id, base, e, mask})
		}
	}
	for ; b < len(baseline); b++ {
		records = append(records, record{id: baseline[b].id, mask: maskGone})
	}
	w.varint(uint64(len(records)))
	last := uint32(0)
	for _, r := range records {
		w.varint(uint64(r.id - last))
		last = r.id
		if r.mask == maskGone {
			w.u8(maskGone)
		} else {
			w.entity(r.base, r.now, r.mask)
		}
	}
}
