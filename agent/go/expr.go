// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Conditions of breakpoints, as agent/probe/expr.h: || && ! == != < <= > >= ( ) over fields, numbers, texts, true and
// false. Unknown fields and NaN compare false; a bare field holds when it is not zero, not empty.
const (
	exprBytes = 1024
	exprNodes = 64
	exprDepth = 16
)

type expr func(fields []Field) Value

type exprParser struct {
	text         string
	at           int
	known        []string
	nodes, depth int
	err          error
}

func compileExpr(text, known string) (expr, error) {
	if len(text) > exprBytes {
		return nil, fmt.Errorf("The condition is longer than %d bytes.", exprBytes)
	}
	p := exprParser{text: text}
	for _, name := range strings.Split(known, ",") {
		if name = strings.TrimSpace(name); name != "" {
			p.known = append(p.known, name)
		}
	}
	p.spaces()
	if p.at == len(text) {
		return nil, nil
	}
	e := p.or()
	p.spaces()
	if p.err == nil && p.at < len(text) {
		p.fail("The condition has an unexpected '%c' at column %d.", text[p.at], p.at+1)
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

func holds(e expr, fields []Field) bool { return e == nil || truth(e(fields)) }

func truth(v Value) bool {
	switch {
	case v.isText():
		return v.Text != ""
	case v.isInt():
		return v.Int != 0
	case v.Type == FloatType:
		return v.Vec[0] != 0
	default:
		return false
	}
}

func (p *exprParser) fail(format string, args ...any) expr {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	return func([]Field) Value { return Value{} }
}

func (p *exprParser) node(e expr) expr {
	if p.nodes++; p.nodes > exprNodes {
		return p.fail("The condition is too long; at most %d terms.", exprNodes)
	}
	return e
}

func (p *exprParser) spaces() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

func (p *exprParser) eat(token string) bool {
	p.spaces()
	if !strings.HasPrefix(p.text[p.at:], token) {
		return false
	}
	p.at += len(token)
	return true
}

func (p *exprParser) or() expr {
	if p.depth++; p.depth > exprDepth {
		return p.fail("The condition is nested too deeply.")
	}
	defer func() { p.depth-- }()
	left := p.and()
	for p.err == nil && p.eat("||") {
		a, b := left, p.and()
		left = p.node(func(f []Field) Value { return Bool(truth(a(f)) || truth(b(f))) })
	}
	return left
}

func (p *exprParser) and() expr {
	left := p.not()
	for p.err == nil && p.eat("&&") {
		a, b := left, p.not()
		left = p.node(func(f []Field) Value { return Bool(truth(a(f)) && truth(b(f))) })
	}
	return left
}

func (p *exprParser) not() expr {
	p.spaces()
	if p.at >= len(p.text) || p.text[p.at] != '!' {
		return p.compare()
	}
	if p.depth++; p.depth > exprDepth {
		return p.fail("The condition is nested too deeply.")
	}
	defer func() { p.depth-- }()
	p.at++
	a := p.not()
	return p.node(func(f []Field) Value { return Bool(!truth(a(f))) })
}

func (p *exprParser) compare() expr {
	a := p.operand()
	for _, op := range []string{"==", "!=", "<=", ">=", "<", ">"} {
		if p.err == nil && p.eat(op) {
			b := p.operand()
			return p.node(func(f []Field) Value { return Bool(compared(op, a(f), b(f))) })
		}
	}
	return a
}

func compared(op string, a, b Value) bool {
	var c int
	switch {
	case a.isText() && b.isText():
		c = strings.Compare(a.Text, b.Text)
	case !a.isNumber() || !b.isNumber():
		return false
	case a.isInt() && b.isInt():
		c = sign(a.Int < b.Int, a.Int > b.Int)
	case math.IsNaN(a.Float()) || math.IsNaN(b.Float()):
		return op == "!="
	default:
		c = sign(a.Float() < b.Float(), a.Float() > b.Float())
	}
	switch op {
	case "==":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	default:
		return c >= 0
	}
}

func sign(less, more bool) int {
	if less {
		return -1
	}
	if more {
		return 1
	}
	return 0
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (p *exprParser) operand() expr {
	p.spaces()
	if p.at >= len(p.text) {
		return p.fail("The condition ends where a value is expected.")
	}
	switch c := p.text[p.at]; {
	case c == '(':
		p.at++
		e := p.or()
		if p.err == nil && !p.eat(")") {
			return p.fail("The condition lacks a closing parenthesis at column %d.", p.at+1)
		}
		return e
	case c == '"' || c == '\'':
		end := strings.IndexByte(p.text[p.at+1:], c)
		if end < 0 {
			return p.fail("The condition has a text that is not closed, at column %d.", p.at+1)
		}
		v := Text(p.text[p.at+1 : p.at+1+end])
		p.at += end + 2
		return p.node(func([]Field) Value { return v })
	case isDigit(c) || c == '-' || c == '+' || c == '.':
		return p.number()
	case isLetter(c):
		return p.name()
	default:
		return p.fail("The condition has an unexpected '%c' at column %d.", c, p.at+1)
	}
}

func (p *exprParser) number() expr {
	start := p.at
	for p.at++; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		exponent := p.text[p.at-1] == 'e' || p.text[p.at-1] == 'E'
		if !isDigit(c) && !isLetter(c) && c != '.' && !((c == '-' || c == '+') && exponent) {
			break
		}
	}
	word := p.text[start:p.at]
	if whole, err := strconv.ParseInt(word, 10, 64); err == nil {
		return p.node(func([]Field) Value { return Int(whole) })
	}
	real, err := strconv.ParseFloat(word, 64)
	if err != nil || strings.ContainsAny(word, "xXpP_nN") {
		return p.fail("The condition has no proper number at column %d.", start+1)
	}
	return p.node(func([]Field) Value { return Float(real) })
}

func (p *exprParser) name() expr {
	start := p.at
	for p.at < len(p.text) && (isLetter(p.text[p.at]) || isDigit(p.text[p.at]) || p.text[p.at] == '.') {
		p.at++
	}
	word := p.text[start:p.at]
	if word == "true" || word == "false" {
		return p.node(func([]Field) Value { return Bool(word == "true") })
	}
	found := len(p.known) == 0
	for _, name := range p.known {
		found = found || name == word
	}
	if !found {
		return p.fail("The condition names \"%s\", but this site offers: %s.", word, strings.Join(p.known, ","))
	}
	return p.node(func(fields []Field) Value {
		for i := range fields {
			if fields[i].Name == word {
				return fields[i].Value
			}
		}
		return Value{}
	})
}
