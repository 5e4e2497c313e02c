// SPDX-License-Identifier: Apache-2.0

package stagewire

import (
	"bytes"
	"encoding/hex"
	"math/rand"
	"reflect"
	"testing"
)

// The client's side of the delta, as stage/netcode/snapshot.cpp reads it.
func decodeDelta(r *reader, baseline []entity) (now []entity) {
	n, id, b := r.varint(), uint32(0), 0
	for ; n > 0 && !r.bad; n-- {
		id += uint32(r.varint())
		mask := r.u8()
		for ; b < len(baseline) && baseline[b].id < id; b++ {
			now = append(now, baseline[b])
		}
		e := entity{}
		if b < len(baseline) && baseline[b].id == id {
			e = baseline[b]
			b++
		}
		e.id = id
		if mask&maskGone != 0 {
			continue
		}
		for i, field := range []*int32{&e.x, &e.y, &e.z} {
			if mask&(1<<i) != 0 {
				*field += int32(r.zigzag())
			}
		}
		if mask&maskVelocity != 0 {
			e.vx, e.vy, e.vz = e.vx+int32(r.zigzag()), e.vy+int32(r.zigzag()), e.vz+int32(r.zigzag())
		}
		if mask&maskRotation != 0 {
			e.rotation = r.u32()
		}
		if mask&maskStatus != 0 {
			e.flags, e.health, e.teleports = r.u8(), r.u8(), r.u8()
		}
		now = append(now, e)
	}
	return append(now, baseline[b:]...)
}

func TestDeltasComeBackAsTheyWent(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	var last []entity
	for round := 0; round < 500; round++ {
		var now []entity
		for id := uint32(1); id < 40; id++ {
			if random.Intn(4) == 0 {
				continue
			}
			e := entity{id: id}
			for _, old := range last {
				if old.id == id && random.Intn(3) > 0 {
					e = old
				}
			}
			if random.Intn(2) == 0 {
				e.x, e.vy, e.rotation, e.health = random.Int31()-random.Int31(), random.Int31n(9000), random.Uint32(), uint8(random.Intn(100))
			}
			now = append(now, e)
		}
		var w writer
		encodeDelta(&w, last, now)
		r := reader{b: w.b}
		if got := decodeDelta(&r, last); !reflect.DeepEqual(got, now) || r.bad || len(r.b) != 0 {
			t.Fatalf("round %d: %v, want %v", round, got, now)
		}
		last = now
	}
}

func TestRandomIsTheStages(t *testing.T) {
	random := Random(42)
	for _, want := range []uint64{13679457532755275413, 2949826092126892291, 5139283748462763858} { // splitmix64 of 42
		if got := random.Next(); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
}

func TestInputsThatLieAreRefused(t *testing.T) {
	var w writer
	w.header(header{kind: TypeInput, session: 1, sequence: 1})
	w.b = append(w.b, 0, 5, 0, 0, 0, 1, 9, 0)
	good := append(append([]byte(nil), w.b...), 0, 0, 0x80, 0x3f, 0, 0, 0, 0, 1, 0, 2, 0, 2)
	p, ok := decodeInput(good)
	if !ok || len(p.inputs) != 1 || p.ack != 5 || p.inputs[0].Tick != 9 || p.inputs[0].MoveX != 1 || p.inputs[0].Yaw != 1 || !p.inputs[0].Sprint {
		t.Error(ok, p)
	}
	for name, bad := range map[string][]byte{"two": append(w.b, 0, 0, 0, 0x40), "nan": append(w.b, 0, 0, 0xc0, 0x7f)} {
		if _, ok = decodeInput(append(append([]byte(nil), bad...), 0, 0, 0, 0, 1, 0, 2, 0, 0)); ok {
			t.Error(name, "was taken")
		}
	}
	for n := range good {
		if _, ok = decodeInput(good[:n]); ok {
			t.Error("cut at", n, "it was taken")
		}
	}
}

func TestKeysAreTheStages(t *testing.T) {
	// HMAC-SHA-256 of "stage" under a key of 32 zeros: what secretFromText makes of the default --secret.
	secret := SecretFromText("stage")
	if want := sign(Key{}, []byte("stage")); !bytes.Equal(secret[:], want) {
		t.Error(hex.EncodeToString(secret[:]))
	}
	if sessionKey(secret, 1, 2, 3) == sessionKey(secret, 1, 2, 4) {
		t.Error("two sessions share a key")
	}
}

func TestAReplayedDatagramIsSeen(t *testing.T) {
	var c client
	for _, step := range []struct {
		sequence uint32
		fresh    bool
	}{{0, false}, {1, true}, {1, false}, {3, true}, {2, true}, {2, false}, {1000, true}, {700, false}, {999, true}, {999, false}, {4_000_000_000, true}} {
		if got := c.fresh(step.sequence); got != step.fresh {
			t.Errorf("%d: %v", step.sequence, got)
		}
	}
}
