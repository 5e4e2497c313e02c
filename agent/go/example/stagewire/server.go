// SPDX-License-Identifier: Apache-2.0

package stagewire

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// Frame is what the clients see of one tick.
type Frame struct {
	Tick       int64
	TickTimeNs int64 // when it was due, on the clock given to Listen
	TickHz     int
	SnapshotHz int
	MapSeed    uint32
	ArenaM     int64            // half of it, m
	Entities   []State          // sorted by id
	Own        map[uint32]State // by player
	Depth      map[uint32]int   // inputs waiting when the tick took its own; negative: it was missing
}

// Server is the network of a game; its methods may be called by any goroutine.
type Server struct {
	conn   *net.UDPConn
	secret Key
	clock  func() int64

	mu       sync.Mutex
	clients  map[uint32]*client
	byNonce  map[uint64]*client
	next     uint32
	frame    *Frame
	parked   bool
	inputs   map[uint32][]Input
	rejected uint64
}

type client struct {
	session, player    uint32
	name               string
	address            *net.UDPAddr
	key                Key
	nonce, serverNonce uint64
	verified           bool
	sequence, newestIn uint32
	seen               [256]bool // replay window, by sequence
	highest            uint32
	peerSent, newestAt int64
	lastHeard          int64
	ack, newestInput   int64
	sent               []sentSnapshot
}

type sentSnapshot struct {
	tick     int64
	entities []entity
}

const (
	silence   = 10 * Second
	mostKept  = 64
	mostInput = 256 // waiting, of one player
)

// Listen binds and serves until Close. `clock` gives the ns that snapshots are dated in.
func Listen(address, secret string, clock func() int64) (*Server, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, err
	}
	s := &Server{conn: conn, secret: SecretFromText(secret), clock: clock, next: 1,
		clients: map[uint32]*client{}, byNonce: map[uint64]*client{}, inputs: map[uint32][]Input{}}
	go s.receive()
	go s.repeatWhileParked()
	return s, nil
}

// Address that it is bound to.
func (s *Server) Address() string { return s.conn.LocalAddr().String() }

// Close ends it.
func (s *Server) Close() { _ = s.conn.Close() }

// Player is somebody who is in the game.
type Player struct {
	ID   uint32
	Name string
}

// Players who have shown a signed input and are not silent.
func (s *Server) Players() (all []Player) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	for session, c := range s.clients {
		if now-c.lastHeard > silence {
			delete(s.clients, session)
			delete(s.byNonce, c.nonce)
		} else if c.verified {
			all = append(all, Player{c.player, c.name})
		}
	}
	return all
}

// Rejected datagrams so far.
func (s *Server) Rejected() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rejected
}

// TakeInputs gives what has come since the last call, by player.
func (s *Server) TakeInputs() map[uint32][]Input {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.inputs
	s.inputs = map[uint32][]Input{}
	return out
}

// Publish makes a tick the newest and sends it when its rate says so.
func (s *Server) Publish(f *Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame = f
	hz, rate := int64(f.TickHz), int64(f.SnapshotHz)
	if (f.Tick-1)*rate/hz != f.Tick*rate/hz {
		s.sendAll()
	}
}

// SetParked says whether the game stands; snapshots of the same tick go on, marked so.
func (s *Server) SetParked(parked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parked = parked
	s.sendAll()
}

func (s *Server) repeatWhileParked() {
	for range time.Tick(time.Second / 30) {
		s.mu.Lock()
		if s.parked {
			s.sendAll()
		}
		s.mu.Unlock()
	}
}

func (s *Server) receive() {
	buffer := make([]byte, 2048)
	for {
		n, from, err := s.conn.ReadFromUDP(buffer)
		if err != nil {
			return
		}
		s.mu.Lock()
		if !s.take(buffer[:n], from) {
			s.rejected++
		}
		s.mu.Unlock()
	}
}

func (s *Server) take(data []byte, from *net.UDPAddr) bool {
	if len(data) == 0 {
		return false
	}
	switch data[0] {
	case TypeConnect:
		return s.connect(data, from)
	case TypeInput:
		return s.input(data, from)
	default:
		return false
	}
}

func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

func (s *Server) connect(data []byte, from *net.UDPAddr) bool {
	r := reader{b: data[1:]}
	known := r.u32() == magic
	nonce := r.u64()
	r.u8() // bot or editor: all the same here
	n := int(r.varint())
	if r.bad || !known || n > 32 || n > len(r.b) {
		return false
	}
	c := s.byNonce[nonce]
	if c == nil {
		if len(s.clients) >= 64 {
			return false
		}
		c = &client{session: uint32(random())%(1<<31) + 1, player: s.next, nonce: nonce, serverNonce: random(),
			name: string(r.b[:n]), address: from, lastHeard: s.clock()}
		s.next++
		c.key = sessionKey(s.secret, nonce, c.serverNonce, c.session)
		s.clients[c.session], s.byNonce[nonce] = c, c
	}
	var w writer
	w.u8(TypeAccept)
	w.u64(nonce)
	w.u64(c.serverNonce)
	w.u32(c.session)
	w.u32(c.player)
	_, _ = s.conn.WriteToUDP(w.b, from)
	return true
}

func (s *Server) input(data []byte, from *net.UDPAddr) bool {
	if len(data) < headerBytes+tagBytes {
		return false
	}
	c := s.clients[binary.LittleEndian.Uint32(data[1:])]
	signed := data[:len(data)-tagBytes]
	if c == nil || !hmac.Equal(sign(c.key, signed), data[len(signed):]) {
		return false
	}
	p, ok := decodeInput(signed)
	if !ok || !c.fresh(p.header.sequence) {
		return false
	}
	now := s.clock()
	c.address, c.verified, c.lastHeard = from, true, now
	if p.header.sequence > c.newestIn {
		c.newestIn, c.peerSent, c.newestAt = p.header.sequence, p.header.sent, now
	}
	if p.bye {
		delete(s.clients, c.session)
		delete(s.byNonce, c.nonce)
		return true
	}
	if p.ack > c.ack && c.snapshot(p.ack) != nil {
		c.ack = p.ack
	}
	for _, in := range p.inputs {
		if in.Tick > c.newestInput {
			c.newestInput = in.Tick
		}
	}
	if len(s.inputs[c.player]) < mostInput {
		s.inputs[c.player] = append(s.inputs[c.player], p.inputs...)
	}
	return true
}

// Not seen before and not too old; then it is seen.
func (c *client) fresh(sequence uint32) bool {
	if sequence == 0 || sequence+256 <= c.highest || (sequence <= c.highest && c.seen[sequence%256]) {
		return false
	}
	for c.highest < sequence {
		c.highest++
		c.seen[c.highest%256] = false
		if sequence-c.highest > 256 {
			c.highest = sequence - 256
		}
	}
	c.seen[sequence%256] = true
	return true
}

func (c *client) snapshot(tick int64) []entity {
	for i := range c.sent {
		if c.sent[i].tick == tick {
			return c.sent[i].entities
		}
	}
	return nil
}

func (s *Server) sendAll() {
	if s.frame == nil {
		return
	}
	for _, c := range s.clients {
		if c.verified {
			_, _ = s.conn.WriteToUDP(s.encode(c), c.address)
		}
	}
}

func (s *Server) encode(c *client) []byte {
	f, now := s.frame, s.clock()
	baseline := c.snapshot(c.ack)
	own, has := f.Own[c.player]
	var w writer
	c.sequence++
	h := header{kind: TypeSnapshot, session: c.session, sequence: c.sequence, sent: now, echo: c.peerSent}
	if c.peerSent != 0 {
		h.heldUs = uint32((now - c.newestAt) / 1000)
	}
	w.header(h)
	flags := uint8(0)
	if s.parked {
		flags |= 1
	}
	if has {
		flags |= 2
	}
	w.u8(flags)
	w.varint(uint64(f.Tick))
	if baseline == nil {
		w.varint(0)
	} else {
		w.varint(uint64(f.Tick - c.ack + 1))
	}
	w.u64(uint64(f.TickTimeNs))
	w.varint(uint64(f.TickHz))
	w.varint(uint64(f.SnapshotHz))
	w.u32(f.MapSeed)
	w.varint(uint64(f.ArenaM))
	w.varint(uint64(c.newestInput))
	w.zigzag(int64(f.Depth[c.player]))
	if has {
		w.vec(own.Pos)
		w.vec(own.Vel)
		w.u8(own.Health)
		if own.Alive {
			w.u8(1)
		} else {
			w.u8(0)
		}
		w.u8(own.Teleports)
	}
	next := c.snapshot(f.Tick) // the same tick again while the server stands: every copy decodes to the same
	if next == nil {
		next = c.visible(f, mtu-len(w.b)-3)
		c.sent = append(c.sent, sentSnapshot{f.Tick, next})
		if len(c.sent) > mostKept {
			c.sent = c.sent[1:]
		}
	}
	encodeDelta(&w, baseline, next)
	return w.b
}

// At its longest an entity takes 40 bytes; who does not fit into the datagram is not seen.
func (c *client) visible(f *Frame, budget int) []entity {
	out := []entity{}
	for i := range f.Entities {
		if f.Entities[i].ID != c.player && (len(out)+1)*40 <= budget {
			out = append(out, quantize(f.Entities[i]))
		}
	}
	return out
}
