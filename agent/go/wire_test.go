// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestValuesComeBackAsTheyWent(t *testing.T) {
	for _, v := range []Value{{}, Bool(true), Bool(false), Int(math.MinInt64), Float(-0.5), Float(math.Inf(1)), Text("caf\xe9\x00"),
		Choice("rain"), Duration(-3 * time.Second), Vec(1, 2, 3)} {
		var w writer
		w.value(v)
		r := reader{b: w.b}
		if got := r.value(); got != v || r.bad || len(r.b) != 0 {
			t.Errorf("%v came back as %v (bad: %v, left: %d)", v, got, r.bad, len(r.b))
		}
		for n := range w.b { // every cut of it is noticed
			if r = (reader{b: w.b[:n]}); !reflect.DeepEqual(r.value(), Value{}) || !r.bad {
				t.Errorf("%v cut at %d was taken", v, n)
			}
		}
	}
}

func TestFramesAreCutWhereTheyEnd(t *testing.T) {
	one := frameOf(fSite, func(w *writer) { w.text("here") })
	two := append(append([]byte(nil), one...), frameOf(fBye, func(*writer) {})...)
	kind, body, took, err := nextFrame(two)
	if kind != fSite || string(body[2:]) != "here" || took != len(one) || err != nil {
		t.Fatal(kind, body, took, err)
	}
	if _, _, took, err = nextFrame(one[:len(one)-1]); took != 0 || err != nil {
		t.Error("half a frame was taken", took, err)
	}
	if _, _, _, err = nextFrame([]byte{0, 0, 0x11, 0, 1, 0, 0, 0}); err == nil {
		t.Error("a frame over 1 MiB was taken")
	}
}

func TestConditions(t *testing.T) {
	fields := []Field{KV("damage", Int(60)), KV("weapon", Text("rail")), KV("range", Float(2.5)), KV("nan", Float(math.NaN())),
		KV("dead", Bool(false))}
	for text, want := range map[string]bool{
		"": true, "damage > 50 && (weapon == 'rail' || dead)": true, "damage > 50 && dead": false, "!dead": true, "!!dead": false,
		"range == 2.5": true, "range<2.5": false, "damage>=6e1": true, "damage != -3": true, "weapon < \"sail\"": true,
		"weapon == 3": false, "weapon != 3": false, "nan == nan": false, "nan != nan": true, "nan < 1": false, "missing": false,
		"damage": true, "weapon": true, "true && false || true": true, "(damage > 1) == true": true,
	} {
		e, err := compileExpr(text, "")
		if err != nil || holds(e, fields) != want {
			t.Errorf("%q: want %v (%v)", text, want, err)
		}
	}
	for text, part := range map[string]string{
		"damage >": "ends where", "(damage": "closing parenthesis", "'open": "not closed", "1x": "proper number", "damage # b": "unexpected '#'",
		"speed > 1": "offers: damage,weapon", "damage damage": "unexpected 'd'", strings.Repeat("!", 20) + "damage": "nested",
		strings.Repeat("damage||", 70) + "damage": "too long", strings.Repeat(" ", 1025): "longer", "0x10": "proper number", "1e999": "proper number",
	} {
		if _, err := compileExpr(text, "damage, weapon"); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
