// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"fmt"
	"sync/atomic"
)

const mostChanges = 256

type change struct {
	name          string
	hasExpected   bool
	expected      uint64
	wanted, value Value
	param         *Param
	before        paramState
	reason        string
}

// Runs what came for this tick. The game's callbacks run without the lock.
func (p *Probe) runPending(now int64) {
	p.mu.Lock()
	waiting := p.link.pending
	p.link.pending = nil
	p.mu.Unlock()
	if len(waiting) == 0 {
		return
	}
	for _, f := range waiting {
		r := reader{b: f.body}
		if f.kind == fPush {
			p.applyPush(&r, now)
		} else {
			p.runAction(&r, now)
		}
	}
	p.mu.Lock()
	p.flush()
	p.mu.Unlock()
}

func (p *Probe) known(all *results, id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	frame := all.find(id)
	if frame != nil {
		p.sendRaw(frame)
	}
	return frame != nil
}

// All of it or nothing, at most once.
func (p *Probe) applyPush(r *reader, now int64) {
	id := r.text()
	r.text() // who
	r.text() // why
	n := int(r.u16())
	if r.bad || len(id) < 1 || len(id) > maxID || p.known(&p.pushes, id) {
		return
	}
	reason := ""
	var all []change
	if n > mostChanges {
		reason = "A push may change at most 256 parameters."
	} else {
		all, reason = p.checkPush(r, n)
	}
	p.mu.Lock()
	frame := p.pushResult(id, applied, "", all, now)
	if reason == "" && len(frame) > frameMax {
		all, reason = nil, "The outcome of this push would not fit into one message; push less at once."
	}
	if reason != "" {
		frame = p.pushResult(id, rejected, reason, all, now)
	}
	p.pushes.keep(id, frame)
	if reason == "" {
		for i := range all {
			c := &all[i]
			c.param.state.Store(&paramState{c.value, c.before.version + 1})
			c.param.dirty = false
			p.tellValue(c.param, id, now)
		}
	}
	p.sendRaw(frame)
	p.mu.Unlock()
	for i := range all {
		if reason == "" && all[i].param.spec.Apply != nil {
			all[i].param.spec.Apply(all[i].value)
		}
	}
}

func (p *Probe) checkPush(r *reader, n int) ([]change, string) {
	all := make([]change, n)
	for i := range all {
		c := &all[i]
		c.name = r.text()
		c.hasExpected, c.expected = r.u8() != 0, r.u64()
		c.wanted = r.value()
	}
	if r.bad {
		return nil, "The push is broken."
	}
	reason := ""
	for i := range all {
		if !p.check(all[:i], &all[i]) {
			reason = "Nothing was applied, because a change was refused."
		}
	}
	return all, reason
}

func (p *Probe) check(before []change, c *change) bool {
	p.mu.Lock()
	for _, m := range p.params {
		if m.spec.Name == c.name {
			c.param = m
		}
	}
	p.mu.Unlock()
	if c.param == nil {
		c.reason = fmt.Sprintf("This process has no parameter \"%s\".", cut(c.name, 128))
		return false
	}
	for i := range before {
		if before[i].param == c.param {
			c.reason = "The push names this parameter twice."
			return false
		}
	}
	c.before = *c.param.state.Load()
	if c.hasExpected && c.expected != c.before.version {
		c.reason = fmt.Sprintf("Version %d was expected, but it is at %d; somebody else changed it.", c.expected, c.before.version)
		return false
	}
	var err error
	if c.value, err = c.param.accepts(c.wanted); err == nil && c.param.spec.Check != nil {
		err = c.param.spec.Check(c.value)
	}
	if err != nil {
		c.reason = err.Error()
	}
	return err == nil
}

func (p *Probe) pushResult(id string, status uint8, reason string, all []change, now int64) []byte {
	return frameOf(fPushResult, func(w *writer) {
		w.text(id)
		w.u8(status)
		w.u64(atomic.LoadUint64(&p.tick))
		w.u64(uint64(now))
		w.text(reason)
		w.u16(uint16(len(all)))
		for i := range all {
			all[i].put(w, status)
		}
	})
}

func (c *change) put(w *writer, status uint8) {
	w.text(c.name)
	w.u8(status)
	after, version, why := c.before.value, c.before.version, c.reason
	if status == applied {
		after, version = c.value, version+1
	} else if why == "" {
		why = "Not applied, because another change of this push was refused."
	}
	w.value(c.before.value)
	w.value(after)
	w.u64(version)
	w.text(why)
}

// ArgSpec declares an argument of an action.
type ArgSpec struct {
	Name        string
	Type        Type
	Required    bool
	Description string
}

// ActionSpec declares something that the game does when asked, at a tick boundary.
type ActionSpec struct {
	Name        string // "map.reload"
	Description string
	Risk        Risk
	Args        []ArgSpec // at most 16
	Run         func(args map[string]Value) (string, error)
}

// DeclareAction declares one.
func (p *Probe) DeclareAction(spec ActionSpec) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if spec.Name == "" || len(spec.Name) > 255 || spec.Run == nil || len(spec.Args) > 16 || len(p.acts) >= maxActions {
		return fmt.Errorf("Action %q was not declared: it needs a name, a function and at most 16 arguments; at most %d actions.",
			spec.Name, maxActions)
	}
	p.acts = append(p.acts, spec)
	p.sendAction(&spec)
	return nil
}

func (p *Probe) sendAction(a *ActionSpec) {
	p.send(fAction, func(w *writer) {
		w.text(a.Name)
		w.text(cut(a.Description, 1024))
		w.u8(uint8(a.Risk))
		w.u16(uint16(len(a.Args)))
		for _, arg := range a.Args {
			w.text(arg.Name)
			w.u8(uint8(arg.Type))
			w.flag(arg.Required)
			w.text(cut(arg.Description, 1024))
		}
	})
}

func (a *ActionSpec) arguments(r *reader, n int) (map[string]Value, string) {
	args := make(map[string]Value, n)
	for i := 0; i < n; i++ {
		name, v := r.text(), r.value()
		ok := false
		for _, arg := range a.Args {
			if arg.Name == name {
				v, ok = v.as(arg.Type)
			}
		}
		if !ok {
			return nil, fmt.Sprintf("%s has no argument \"%s\" of this type.", a.Name, cut(name, 64))
		}
		args[name] = v
	}
	for _, arg := range a.Args {
		if _, given := args[arg.Name]; arg.Required && !given {
			return nil, fmt.Sprintf("%s needs the argument \"%s\".", a.Name, arg.Name)
		}
	}
	return args, ""
}

func (p *Probe) runAction(r *reader, now int64) {
	id, name := r.text(), r.text()
	r.text() // who
	n := int(r.u16())
	if r.bad || len(id) < 1 || len(id) > maxID || p.known(&p.runs, id) {
		return
	}
	status, text := uint8(rejected), fmt.Sprintf("This process has no action \"%s\".", cut(name, 64))
	p.mu.Lock()
	var found *ActionSpec
	for i := range p.acts {
		if p.acts[i].Name == name {
			one := p.acts[i]
			found = &one
		}
	}
	p.mu.Unlock()
	if found != nil {
		var args map[string]Value
		if args, text = found.arguments(r, min(n, 16)); text == "" {
			var err error
			status = applied
			if text, err = found.Run(args); err != nil {
				status, text = failed, err.Error()
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	frame := p.actionResult(id, name, status, cut(text, maxString), now)
	p.runs.keep(id, frame)
	p.sendRaw(frame)
}

func (p *Probe) actionResult(id, name string, status uint8, text string, now int64) []byte {
	return frameOf(fActionResult, func(w *writer) {
		w.text(id)
		w.text(name)
		w.u8(status)
		w.u64(atomic.LoadUint64(&p.tick))
		w.u64(uint64(now))
		w.text(text)
	})
}
