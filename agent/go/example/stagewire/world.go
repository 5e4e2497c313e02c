// SPDX-License-Identifier: Apache-2.0

package stagewire

import "math"

// What the stage's clients compute for themselves too (stage/game): the map out of its seed and the step of a player.
// The same integers here and there, or every step would be a misprediction.

const (
	bodyRadius   = int64(450_000)
	walkSpeed    = int64(5_000_000)
	sprintSpeed  = int64(7_500_000)
	acceleration = int64(40_000_000)
)

// Random is splitmix64.
type Random uint64

// Next draws.
func (r *Random) Next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Between low and high, both included.
func (r *Random) Between(low, high int64) int64 { return low + int64(r.Next()%(uint64(high-low)+1)) }

type box struct{ x0, y0, x1, y1 int64 }

// Map is a square arena with buildings.
type Map struct {
	half  int64
	boxes []box
}

// NewMap makes the one of a seed; `arenaM` is half its side in m.
func NewMap(seed uint32, arenaM int64) *Map {
	m := &Map{half: arenaM * Metre}
	random := Random(seed)
	reach, areas := arenaM-10, float64(arenaM)/120
	for i := int64(26 * areas * areas); i > 0; i-- {
		x, y := random.Between(-reach, reach)*Metre, random.Between(-reach, reach)*Metre
		w, h := random.Between(2, 7)*Metre, random.Between(2, 7)*Metre
		m.boxes = append(m.boxes, box{x - w, y - h, x + w, y + h})
	}
	return m
}

func (m *Map) blocked(p Vec) bool {
	for _, b := range m.boxes {
		if p.X+bodyRadius > b.x0 && p.X-bodyRadius < b.x1 && p.Y+bodyRadius > b.y0 && p.Y-bodyRadius < b.y1 {
			return true
		}
	}
	return false
}

// Spawn is a free place.
func (m *Map) Spawn(random *Random) Vec {
	half := m.half - 5*Metre
	for i := 0; i < 64; i++ {
		if p := (Vec{random.Between(-half, half), random.Between(-half, half), 0}); !m.blocked(p) {
			return p
		}
	}
	return Vec{-half, -half, 0}
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// Move is one step of a body: by its velocity, sliding along walls, inside the arena.
func (m *Map) Move(s *State, tickHz int64) {
	edge := m.half - bodyRadius
	if x := (Vec{s.Pos.X + s.Vel.X/tickHz, s.Pos.Y, s.Pos.Z}); abs(x.X) > edge || m.blocked(x) {
		s.Vel.X = 0
	} else {
		s.Pos = x
	}
	if y := (Vec{s.Pos.X, s.Pos.Y + s.Vel.Y/tickHz, s.Pos.Z}); abs(y.Y) > edge || m.blocked(y) {
		s.Vel.Y = 0
	} else {
		s.Pos = y
	}
}

func approach(from, to, most int64) int64 {
	switch by := to - from; {
	case by > most:
		return from + most
	case by < -most:
		return from - most
	default:
		return to
	}
}

// Step moves a player by its input.
func (m *Map) Step(s *State, in Input, tickHz int64) {
	speed := walkSpeed
	if in.Sprint {
		speed = sprintSpeed
	}
	x, y := int64(math.Round(float64(in.MoveX*127))), int64(math.Round(float64(in.MoveY*127)))
	size := int64(math.Round(math.Sqrt(float64(x*x + y*y))))
	if size < 127 {
		size = 127
	}
	s.Vel.X = approach(s.Vel.X, x*speed/size, acceleration/tickHz)
	s.Vel.Y = approach(s.Vel.Y, y*speed/size, acceleration/tickHz)
	m.Move(s, tickHz)
}

// Queue holds a player's inputs until their tick.
type Queue struct {
	waiting        map[int64]Input
	last           Input
	taken, present int64
	Missing        uint64
}

// Push adds what is not too late.
func (q *Queue) Push(in Input) {
	if q.waiting == nil {
		q.waiting = map[int64]Input{}
	}
	if in.Tick > q.taken && (q.taken == 0 || in.Tick < q.taken+256) && len(q.waiting) < 256 {
		q.waiting[in.Tick] = in
	}
}

// Take gives the tick's input; a missing one is bridged by the last for a quarter of a second. The second result is how
// many waited, negative when it was missing.
func (q *Queue) Take(tick, tickHz int64) (Input, int) {
	for old := range q.waiting {
		if old < tick {
			delete(q.waiting, old)
		}
	}
	q.taken = tick
	in, ok := q.waiting[tick]
	if ok {
		delete(q.waiting, tick)
		q.last, q.present = in, tick
		return in, len(q.waiting)
	}
	if q.present != 0 {
		q.Missing++
	}
	bridge := q.last
	bridge.Tick, bridge.Fire = tick, false
	if tick-q.present > tickHz/4 {
		bridge.MoveX, bridge.MoveY = 0, 0
	}
	return bridge, -1
}
