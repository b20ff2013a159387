package randomly

import (
	"slices"
	"strings"
)

// Piece is a part of a query: texts with pieces between.
type Piece struct {
	// Class tells what a piece is; one may stand in the place of another of the
	// same class. "" for pieces that nothing else can stand for.
	Class string
	// Text has one element more than Kids, unless Sep is set.
	Text []string
	Kids []*Piece
	// Sep stands between the kids of a list, of which all but the first Least
	// can be left out.
	Sep   string
	Least int
}

// write makes a piece of a form in which § stands for each kid.
func write(class, form string, kids ...*Piece) *Piece {
	return &Piece{Class: class, Text: strings.Split(form, "§"), Kids: kids}
}

func list(sep string, least int, kids ...*Piece) *Piece {
	return &Piece{Sep: sep, Least: least, Kids: kids}
}

// String is the text of the query.
func (p *Piece) String() string {
	var b strings.Builder
	p.writeTo(&b)
	return b.String()
}

func (p *Piece) writeTo(b *strings.Builder) {
	for i, k := range p.Kids {
		switch {
		case p.Sep == "":
			b.WriteString(p.Text[i])
		case i > 0:
			b.WriteString(p.Sep)
		}
		k.writeTo(b)
	}
	if p.Sep == "" {
		b.WriteString(p.Text[len(p.Kids)])
	}
}

// walk calls f for the piece and all below it.
func (p *Piece) walk(f func(*Piece)) {
	f(p)
	for _, k := range p.Kids {
		k.walk(f)
	}
}

func (p *Piece) clone() *Piece {
	out := *p
	out.Text, out.Kids = slices.Clone(p.Text), make([]*Piece, len(p.Kids))
	for i, k := range p.Kids {
		out.Kids[i] = k.clone()
	}
	return &out
}

// pieces are the piece and all below it, in the order of the text.
func (p *Piece) pieces() []*Piece {
	var out []*Piece
	p.walk(func(k *Piece) { out = append(out, k) })
	return out
}

// Reduce makes a piece as small as it gets while bad stays true of it.
func Reduce(root *Piece, bad func(*Piece) bool) *Piece {
	for range maxReductions {
		smaller := reduceOnce(root, bad)
		if smaller == nil {
			return root
		}
		root = smaller
	}
	return root
}

// maxReductions bounds the time that one query can take.
const maxReductions = 60

// reduceOnce gives the first smaller piece of which bad is true, nil if none is.
func reduceOnce(root *Piece, bad func(*Piece) bool) *Piece {
	for n := range root.pieces() {
		for change := 0; ; change++ {
			candidate := root.clone()
			if !candidate.pieces()[n].shrink(change) {
				break
			}
			if bad(candidate) {
				return candidate
			}
		}
	}
	return nil
}

// shrink makes one change to the piece: it leaves out one kid of a list, from
// the last to the first, or puts a piece below in its place. It is false where
// there are no more changes.
func (p *Piece) shrink(change int) bool {
	if droppable := len(p.Kids) - p.Least; p.Sep != "" && change < droppable {
		at := len(p.Kids) - 1 - change
		p.Kids = slices.Delete(p.Kids, at, at+1)
		return true
	}
	if p.Class == "" {
		return false
	}
	var below []*Piece
	for _, k := range p.pieces()[1:] {
		if k.Class == p.Class {
			below = append(below, k)
		}
	}
	if change >= len(below) {
		return false
	}
	*p = *below[change]
	return true
}
