// SPDX-License-Identifier: Apache-2.0

package quarterdeck

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Type is that of a Value.
type Type uint8

// The types of parameters, arguments and contexts.
const (
	NoType Type = iota
	BoolType
	IntType
	FloatType
	EnumType
	StringType
	DurationType
	VecType
)

// Value is a tagged value; make one with Bool, Int, Float, Text, Choice, Duration or Vec.
type Value struct {
	Type Type
	Int  int64 // bool (0 or 1), int, duration in ns
	Vec  [4]float64
	Size int // components of a vec
	Text string
}

// Field is a named value of an event or of a site's context.
type Field struct {
	Name  string
	Value Value
}

// Bool makes a value.
func Bool(v bool) Value {
	if v {
		return Value{Type: BoolType, Int: 1}
	}
	return Value{Type: BoolType}
}

// Int makes a value.
func Int(v int64) Value { return Value{Type: IntType, Int: v} }

// Float makes a value.
func Float(v float64) Value { return Value{Type: FloatType, Vec: [4]float64{v}} }

// Text makes a value of at most 4,096 bytes.
func Text(v string) Value { return Value{Type: StringType, Text: v} }

// Choice makes a value: one of an enum's texts.
func Choice(v string) Value { return Value{Type: EnumType, Text: v} }

// Duration makes a value.
func Duration(v time.Duration) Value { return Value{Type: DurationType, Int: int64(v)} }

// Vec makes a value of one to four components.
func Vec(c ...float64) Value {
	v := Value{Type: VecType}
	v.Size = copy(v.Vec[:], c)
	return v
}

// KV is short for Field{name, value}.
func KV(name string, value Value) Field { return Field{name, value} }

// Float is that of a float, an int or a duration.
func (v Value) Float() float64 {
	if v.isInt() {
		return float64(v.Int)
	}
	return v.Vec[0]
}

// String is for people.
func (v Value) String() string {
	switch v.Type {
	case NoType:
		return "nothing"
	case BoolType:
		return strconv.FormatBool(v.Int != 0)
	case IntType:
		return strconv.FormatInt(v.Int, 10)
	case DurationType:
		return time.Duration(v.Int).String()
	case FloatType:
		return strconv.FormatFloat(v.Vec[0], 'g', -1, 64)
	case VecType:
		return fmt.Sprint(v.Vec[:v.Size])
	default:
		return v.Text
	}
}

func (v Value) isText() bool { return v.Type == StringType || v.Type == EnumType }
func (v Value) isInt() bool  { return v.Type == BoolType || v.Type == IntType || v.Type == DurationType }

func (v Value) isNumber() bool { return v.isInt() || v.Type == FloatType }

// As `want`, where that loses nothing: an int as a float, a text as a choice.
func (v Value) as(want Type) (Value, bool) {
	if want == FloatType && v.Type == IntType {
		return Float(float64(v.Int)), true
	}
	if want == EnumType && v.Type == StringType {
		return Choice(v.Text), true
	}
	return v, v.Type == want
}

func (v Value) finite() bool {
	for _, c := range v.Vec {
		if math.IsNaN(c) || math.IsInf(c, 0) {
			return false
		}
	}
	return true
}

func cut(text string, most int) string {
	if len(text) > most {
		return text[:most]
	}
	return text
}
