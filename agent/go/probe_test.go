// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

// A probe whose rings are written as if an agent were there; nobody reads them but the test.
func attached(t testing.TB) *Probe {
	p, err := Open(Config{ID: "test", Kind: Server, Socket: "/nonexistent/probe.sock", LogLinesPerSecond: math.MaxUint32})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	atomic.StoreUint32(&p.attached, 1)
	return p
}

type record struct {
	kind           uint8
	payload, value uint64
}

// What has come into the ring since the last call; the room is given back as an agent would.
func (r *Ring) read() (all []record) {
	head := atomic.LoadUint64(r.published)
	for tail := atomic.LoadUint64(r.word(ringTail)); tail < head; tail++ {
		word := *(*uint64)(unsafe.Add(r.slots, tail&r.mask*16))
		all = append(all, record{uint8(word), word >> 16, *(*uint64)(unsafe.Add(r.slots, tail&r.mask*16+8))})
	}
	atomic.StoreUint64(r.word(ringTail), head)
	atomic.StoreUint64(r.word(ringBlobTail), atomic.LoadUint64(r.word(ringBlobHead)))
	return all
}

func TestATickIsRecordedAsTheWireSays(t *testing.T) {
	p := attached(t)
	i, f := p.I64Series("a", "ms", 6), p.F64Series("b", "m")
	now := p.TickBegin(7)
	p.Game().I64(i, -5)
	p.Game().F64(f, 1.5)
	p.Game().I64(-1, 9) // not declared: nothing
	p.TickEnd()
	want := []record{{recTick, 7, uint64(now)}, {recI64, uint64(i), math.MaxUint64 - 4}, {recF64, uint64(f), math.Float64bits(1.5)},
		{recTickEnd, 7, 0}}
	if got := p.Game().read(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	worker := p.Ring("physics")
	worker.I64(i, 3)
	if got := worker.read(); len(got) != 2 || got[0] != (record{recStamp, 7, uint64(now)}) || got[1].value != 3 {
		t.Error("a worker's samples have no tick:", got)
	}
}

func TestAFullRingDropsCountsAndSaysSo(t *testing.T) {
	p := attached(t)
	s := p.I64Series("a", "", 0)
	p.TickBegin(1)
	for i := int64(0); i < 70_000; i++ {
		p.Game().I64(s, i)
	}
	if got := p.Stats(); got.Records != 65_536 || got.Dropped != 70_001-65_536 {
		t.Error(got)
	}
	if got := p.Game().read(); got[len(got)-1].value != 65_534 {
		t.Error("not the first ones were kept:", got[len(got)-1])
	}
	p.Game().I64(s, 1)
	if got := p.Game().read(); len(got) != 2 || got[0] != (record{recGap, 0, 70_001 - 65_536}) {
		t.Error("the gap is not said:", got)
	}
}

func TestAHostileTailStopsTheRingAndNothingElse(t *testing.T) {
	p := attached(t)
	s := p.I64Series("a", "", 0)
	*p.Game().word(ringTail) = math.MaxUint64 / 2
	*p.Game().word(ringBlobTail) = 12345
	for i := int64(0); i < 100_000; i++ {
		p.Game().I64(s, i)
		p.Game().Event("e", KV("x", Int(i)))
	}
	if p.Stats().Dropped == 0 {
		t.Error("a tail beyond the head was believed")
	}
}

func TestSamplesCostNoAllocation(t *testing.T) {
	p := attached(t)
	s := p.I64Series("a", "", 0)
	if n := testing.AllocsPerRun(1000, func() {
		p.TickBegin(1)
		for i := int64(0); i < 100; i++ {
			p.Game().I64(s, i)
		}
		p.TickEnd()
		*p.Game().word(ringTail) = p.Game().head
	}); n != 0 {
		t.Error("a tick allocates", n, "times")
	}
}

func TestAnyGoroutineMayLogSampleAndHit(t *testing.T) {
	p := attached(t)
	s := p.I64Series("a", "", 0)
	site := p.Site("here", "n")
	const workers, each = 8, 500
	var done sync.WaitGroup
	for g := 0; g < workers; g++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for i := 0; i < each; i++ {
				p.SampleI64(s, int64(i))
				p.Log(Info, "test", "line")
				p.Event("e", KV("n", Int(int64(i))))
				site.Hit(KV("n", Int(1)))
			}
		}()
	}
	for tick := uint64(1); tick <= 200; tick++ {
		p.TickBegin(tick)
		p.TickEnd()
	}
	done.Wait()
	samples, blobs := 0, 0
	for _, r := range p.rings[1].read() {
		switch r.kind {
		case recI64:
			samples++
		case recBlob:
			size := binary.LittleEndian.Uint32(p.rings[1].blobs[r.value&uint64(len(p.rings[1].blobs)-1):])
			if uint64(size)+blobHeadBytes != r.payload {
				t.Fatal("a blob is torn")
			}
			blobs++
		}
	}
	if dropped := int(p.Stats().DroppedBlobs); samples != workers*each || blobs+dropped != 2*workers*each {
		t.Error(samples, "samples,", blobs, "blobs,", dropped, "dropped")
	}
}

func TestBlobsNeverWrap(t *testing.T) {
	p := attached(t)
	text := strings.Repeat("x", 3000)
	for i := 0; i < 500; i++ {
		p.rings[1].Log(Info, "test", text)
		for _, r := range p.rings[1].read() {
			if r.kind != recBlob {
				continue
			}
			at := r.value & uint64(len(p.rings[1].blobs)-1)
			if r.value%8 != 0 || at+r.payload > uint64(len(p.rings[1].blobs)) || !strings.HasSuffix(string(p.rings[1].blobs[at:at+r.payload]), text) {
				t.Fatal("blob", i, "is not whole at", at)
			}
		}
	}
	if p.Stats().DroppedBlobs != 0 {
		t.Error("dropped although there was room")
	}
}

func TestParametersRefuseWhatTheyMust(t *testing.T) {
	p := attached(t)
	make := func(spec ParamSpec) *Param {
		m, err := p.DeclareParam(spec)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	f := make(ParamSpec{Name: "f", Default: Float(1), Min: Float(0), Max: Float(2)})
	e := make(ParamSpec{Name: "e", Default: Choice("a"), Choices: []string{"a", "b"}})
	v := make(ParamSpec{Name: "v", Default: Vec(1, 2), Max: Float(5)})
	for _, c := range []struct {
		m    *Param
		v    Value
		part string
	}{{f, Float(2.5), "the most allowed is 2"}, {f, Int(-1), "the least allowed is 0"}, {f, Float(math.NaN()), "finite"}, {f, Text("1"), "type"},
		{e, Text("c"), "choices"}, {v, Vec(1, 2, 3), "components"}, {v, Vec(1, 6), "most"}, {f, Int(2), ""}, {e, Text("b"), ""}, {v, Vec(3, 4), ""}} {
		if err := c.m.Set(c.v); (err == nil) != (c.part == "") || err != nil && !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s = %v: %v", c.m.spec.Name, c.v, err)
		}
	}
	if f.Float() != 2 || f.Version() != 2 || e.Text() != "b" || v.Value().Vec[1] != 4 {
		t.Error("the good ones were not taken")
	}
	if _, err := p.DeclareParam(ParamSpec{Name: "f", Default: Int(1)}); err == nil {
		t.Error("declared twice")
	}
}

func pushOf(id string, changes ...any) *reader {
	var w writer
	w.text(id)
	w.text("me")
	w.text("")
	w.u16(uint16(len(changes) / 2))
	for i := 0; i < len(changes); i += 2 {
		w.text(changes[i].(string))
		w.u8(0)
		w.u64(0)
		w.value(changes[i+1].(Value))
	}
	return &reader{b: w.b}
}

func TestAPushIsAppliedWholeOnceOrNotAtAll(t *testing.T) {
	p := attached(t)
	times := 0
	a, _ := p.DeclareParam(ParamSpec{Name: "a", Default: Int(1), Max: Int(10), Apply: func(Value) { times++ }})
	b, _ := p.DeclareParam(ParamSpec{Name: "b", Default: Int(1), Check: func(v Value) error {
		if v.Int == 3 {
			return errors.New("Not three.")
		}
		return nil
	}})
	p.applyPush(pushOf("1", "a", Int(5), "b", Int(3)), 0)
	p.applyPush(pushOf("2", "a", Int(5), "a", Int(6)), 0)
	p.applyPush(pushOf("3", "a", Int(5), "nobody", Int(6)), 0)
	if a.Int() != 1 || b.Int() != 1 || times != 0 {
		t.Error("part of a refused push was applied")
	}
	p.applyPush(pushOf("4", "a", Int(5), "b", Int(4)), 0)
	p.applyPush(pushOf("4", "a", Int(7)), 0)
	if a.Int() != 5 || b.Int() != 4 || times != 1 {
		t.Error(a.Int(), b.Int(), times)
	}
}

func TestRuntimeIsMeasuredBySecond(t *testing.T) {
	total, ns := quantile([]uint64{90, 9, 1}, []float64{0, 1e-6, 2e-6, math.Inf(1)}, 0.99)
	if total != 100 || ns != 2000 {
		t.Error(total, ns)
	}
	if _, ns = quantile([]uint64{0, 0, 1}, []float64{0, 1e-6, 2e-6, math.Inf(1)}, 1); ns != 2000 {
		t.Error("the open bucket has no bound:", ns)
	}
	p := attached(t)
	m := newRuntimeSampler(p)
	p.rings[2].read()
	runtime.GC()
	m.sample(p.rings[2])
	seen := map[Series]int64{}
	for _, r := range p.rings[2].read() {
		seen[Series(r.payload)] = int64(r.value)
	}
	if seen[m.pauseCount] < 1 || seen[m.pauseMost] <= 0 || seen[m.goroutines] < 1 || seen[m.heap] < 1 || seen[m.cycleCount] < 1 {
		t.Error(seen)
	}
}

func TestLogWriterMakesLinesOfWhatIsWritten(t *testing.T) {
	p := attached(t)
	var also strings.Builder
	w := LogWriter(p, Warning, "game", &also)
	for _, part := range []string{"half a ", "line\nanother\n", "rest"} {
		if n, err := io.WriteString(w, part); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	var lines []string
	for _, r := range p.rings[1].read() {
		if r.kind == recBlob {
			body := reader{b: p.rings[1].blobs[r.value&uint64(len(p.rings[1].blobs)-1)+blobHeadBytes:]}
			lines = append(lines, fmt.Sprint(body.u8(), body.u32(), body.text(), ":", body.text()))
		}
	}
	if got := strings.Join(lines, "|"); got != "3 0 game : half a line|3 0 game : another" && got != "3 0game:half a line|3 0game:another" {
		t.Errorf("%q", got)
	}
	if also.String() != "half a line\nanother\nrest" {
		t.Errorf("%q", also.String())
	}
}

func TestAGameRunsWithoutAProbe(t *testing.T) {
	var p *Probe
	p.TickBegin(1)
	p.Game().I64(p.I64Series("a", "", 0), 1)
	p.Ring("x").F64(0, 1)
	p.Event("e")
	p.Entities(nil)
	m, err := p.DeclareParam(ParamSpec{Name: "a", Default: Float(2)})
	if err != nil || m.Float() != 2 || p.Site("s", "").Hit() || p.TickEnd() != 0 {
		t.Error("a nil probe does something")
	}
	p.RuntimeMetrics()()
	p.Close()
	if _, err = Open(Config{ID: "no spaces", Kind: Server}); err == nil {
		t.Error("a bad id was taken")
	}
}

var benched struct {
	*Probe
	tick uint64
}

// With the agent of $QUARTERDECK_SOCKET, once for all runs.
func withAgent(b *testing.B) *Probe {
	if os.Getenv("QUARTERDECK_SOCKET") == "" {
		b.Skip("QUARTERDECK_SOCKET names no agent")
	}
	if benched.Probe == nil {
		p, err := Open(Config{ID: "bench", Kind: Server})
		if err != nil {
			b.Fatal(err)
		}
		benched.Probe = p
	}
	for end := Now() + int64(5*time.Second); !benched.Connected(); time.Sleep(time.Millisecond) {
		if Now() > end {
			b.Fatal(benched.Err())
		}
		benched.tick++
		benched.TickBegin(benched.tick)
		benched.TickEnd()
	}
	return benched.Probe
}

const samplesATick = 1000

// Paced as a game: what is between the ticks is not measured.
func inTicks(b *testing.B, tick func()) {
	spent := int64(0)
	for i := 0; i < b.N; i++ {
		time.Sleep(500 * time.Microsecond)
		start := Now()
		tick()
		spent += Now() - start
	}
	b.ReportMetric(float64(spent)/float64(b.N)/samplesATick, "ns/op")
}

func BenchmarkSample(b *testing.B) {
	p := withAgent(b)
	s, r := p.I64Series("tick.duration", "ms", 6), p.Game()
	inTicks(b, func() {
		benched.tick++
		p.TickBegin(benched.tick)
		for i := 0; i < samplesATick; i++ {
			r.I64(s, int64(i))
		}
		p.TickEnd()
	})
	if dropped := p.Stats().Dropped; dropped > 0 {
		b.Logf("%d records were dropped", dropped)
	}
}

// What a sample could cost at least: two words into memory that is there, and the head.
func BenchmarkRawStores(b *testing.B) {
	slots := make([]uint64, 2*65536)
	for i := range slots {
		slots[i] = 1
	}
	head, shared := uint64(0), new(uint64)
	inTicks(b, func() {
		for i := 0; i < samplesATick; i++ {
			at := (head & 65535) * 2
			slot := slots[at : at+2 : at+2]
			slot[0], slot[1] = 1, uint64(i)
			head++
			publish(shared, head, uintptr(unsafe.Pointer(&slot[0])))
		}
	})
}
