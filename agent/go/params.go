// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Risk of a parameter or an action.
type Risk uint8

// The risks.
const (
	Safe Risk = iota
	Guarded
	Dangerous
)

// Effect says when a value takes effect.
type Effect uint8

// The effects.
const (
	NextTick Effect = iota
	NextMatch
	Restart
)

// ParamSpec declares a parameter.
type ParamSpec struct {
	Name, Unit         string
	Default            Value // its type is the parameter's
	Min, Max, Step     Value // zero: unbounded
	Choices            []string
	Group, Description string
	Risk               Risk
	Effect             Effect
	Check              func(Value) error // what the range cannot express; must change nothing
	Apply              func(Value)       // after it was taken, at a tick boundary
}

// Param is a declared parameter; its value may be read by any goroutine. A nil one reads zero.
type Param struct {
	spec  ParamSpec
	state atomic.Pointer[paramState]
	dirty bool
	p     *Probe
}

type paramState struct {
	value   Value
	version uint64
}

// Value in force.
func (m *Param) Value() Value {
	if m == nil {
		return Value{}
	}
	return m.state.Load().value
}

// Float in force.
func (m *Param) Float() float64 { return m.Value().Float() }

// Int in force.
func (m *Param) Int() int64 { return m.Value().Int }

// Bool in force.
func (m *Param) Bool() bool { return m.Value().Int != 0 }

// Text in force, or the choice.
func (m *Param) Text() string { return m.Value().Text }

// Duration in force.
func (m *Param) Duration() time.Duration { return time.Duration(m.Value().Int) }

// Version counts changes, from 1.
func (m *Param) Version() uint64 {
	if m == nil {
		return 0
	}
	return m.state.Load().version
}

// DeclareParam declares one. On an error the parameter is nil, and reads zero.
func (p *Probe) DeclareParam(spec ParamSpec) (*Param, error) {
	if p == nil {
		m := &Param{spec: spec}
		m.state.Store(&paramState{spec.Default, 1})
		return m, nil // without a probe the game runs on its defaults
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	wrong := ""
	switch {
	case len(spec.Name) < 1 || len(spec.Name) > 255:
		wrong = "a name has 1 to 255 bytes"
	case spec.Default.Type == NoType:
		wrong = "it needs a default"
	case spec.Default.Type == EnumType && len(spec.Choices) == 0:
		wrong = "an enum needs choices"
	case len(p.params) >= maxParams:
		wrong = "a process may have at most 512"
	}
	for _, m := range p.params {
		if m.spec.Name == spec.Name {
			wrong = "there is one of this name already"
		}
	}
	m := &Param{spec: spec, p: p}
	initial, err := m.accepts(spec.Default)
	if wrong == "" && err != nil {
		wrong = err.Error()
	}
	if wrong != "" {
		return nil, fmt.Errorf("Parameter %q was not declared: %s.", spec.Name, strings.TrimSuffix(wrong, "."))
	}
	m.state.Store(&paramState{initial, 1})
	p.params = append(p.params, m)
	p.sendParam(m)
	return m, nil
}

// Set is the game's own change; any goroutine.
func (m *Param) Set(v Value) error {
	if m == nil || m.p == nil {
		return nil
	}
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	v, err := m.accepts(v)
	if err != nil {
		return err
	}
	m.state.Store(&paramState{v, m.state.Load().version + 1})
	m.dirty, m.p.link.dirty = true, true
	return nil
}

func (m *Param) refuse(v Value, why string) error {
	return fmt.Errorf("%s cannot be %s: %s.", m.spec.Name, cut(v.String(), 200), why)
}

func (m *Param) accepts(v Value) (Value, error) {
	out, ok := v.as(m.spec.Default.Type)
	if !ok {
		return v, m.refuse(v, "its type is another")
	}
	switch out.Type {
	case FloatType, VecType:
		if out.Size != m.spec.Default.Size {
			return v, m.refuse(v, "it has another number of components")
		}
		if !out.finite() {
			return v, m.refuse(v, "it must be a finite number")
		}
		n := 1
		if out.Type == VecType {
			n = out.Size
		}
		for _, c := range out.Vec[:n] {
			if err := m.inRange(Float(c), v); err != nil {
				return v, err
			}
		}
	case IntType, DurationType:
		return out, m.inRange(out, v)
	case EnumType:
		for i, choice := range m.spec.Choices {
			if choice == out.Text {
				out.Int = int64(i)
				return out, nil
			}
		}
		return v, m.refuse(v, "that is not one of its choices")
	case StringType:
		if len(out.Text) > maxString || strings.IndexByte(out.Text, 0) >= 0 {
			return v, m.refuse(v, "a text has at most 4096 bytes and no NUL")
		}
	}
	return out, nil
}

func (m *Param) inRange(v, shown Value) error {
	below := func(a, b Value) bool {
		if a.isInt() && b.isInt() {
			return a.Int < b.Int
		}
		return a.Float() < b.Float()
	}
	if m.spec.Min.Type != NoType && below(v, m.spec.Min) {
		return m.refuse(shown, "the least allowed is "+m.spec.Min.String())
	}
	if m.spec.Max.Type != NoType && below(m.spec.Max, v) {
		return m.refuse(shown, "the most allowed is "+m.spec.Max.String())
	}
	return nil
}

func (p *Probe) sendParam(m *Param) {
	s, state := &m.spec, m.state.Load()
	m.dirty = false
	p.send(fParam, func(w *writer) {
		w.text(s.Name)
		w.u8(uint8(s.Default.Type))
		w.text(s.Unit)
		w.text(s.Group)
		w.text(cut(s.Description, 1024))
		w.u8(uint8(s.Risk))
		w.u8(uint8(s.Effect))
		w.value(s.Min)
		w.value(s.Max)
		w.value(s.Step)
		w.value(s.Default)
		w.value(state.value)
		w.u64(state.version)
		w.u16(uint16(len(s.Choices)))
		for _, choice := range s.Choices {
			w.text(choice)
		}
	})
}

func (p *Probe) tellValue(m *Param, push string, now int64) {
	state := m.state.Load()
	p.send(fParamValue, func(w *writer) {
		w.text(m.spec.Name)
		w.value(state.value)
		w.u64(state.version)
		w.u64(atomic.LoadUint64(&p.tick))
		w.u64(uint64(now))
		if push == "" {
			w.u8(1)
		} else {
			w.u8(2)
		}
		w.text(push)
	})
}
