// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder walks through JSON. Each of its methods reads one value, whole; a null leaves everything as it is.
type decoder struct {
	json jsontext.Decoder
	buf  []byte // holds the name or the string that was read last
}

// decoders keep their buffers, which is most of what they would allocate.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// keptBuffers is how long a request may be in bytes for its decoder to be kept: the longest string of a request has to
// fit into the buffer, and may be nearly all of it.
const keptBuffers = 256 << 10

var (
	// errTwice is returned for what occurs twice in JSON though it is read. The API server sends no such thing, and what
	// it means depends on who reads it.
	errTwice = errors.New("a field occurs twice")
	errType  = errors.New("a field has the wrong type")
)

func newDecoder(body io.Reader) *decoder {
	d := decoders.Get().(*decoder) // nothing else is ever put there
	d.json.Reset(body, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return d
}

func (d *decoder) free() {
	if d.json.InputOffset() <= keptBuffers {
		decoders.Put(d)
	}
}

// end returns an error if there is more to read.
func (d *decoder) end() error {
	switch _, err := d.json.ReadToken(); {
	case err == nil:
		return errors.New("there is more than one JSON value")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

// members visits the members of an object. The visitor has to read the value, and may not keep the name for longer.
func (d *decoder) members(visit func(name []byte) error) error {
	return d.within(jsontext.KindBeginObject, jsontext.KindEndObject, func() error {
		name, err := d.text()
		if err != nil {
			return err
		}
		return visit(name)
	})
}

// elements visits the elements of an array. The visitor has to read them.
func (d *decoder) elements(visit func() error) error {
	return d.within(jsontext.KindBeginArray, jsontext.KindEndArray, visit)
}

func (d *decoder) within(begin, end jsontext.Kind, visit func() error) error {
	token, err := d.json.ReadToken()
	switch {
	case err != nil:
		return err
	case token.Kind() == jsontext.KindNull:
		return nil
	case token.Kind() != begin:
		return errType
	}
	for d.json.PeekKind() != end {
		if err := visit(); err != nil {
			return err
		}
	}
	_, err = d.json.ReadToken()
	return err
}

// once notes that the next value, unless it is null, was seen, and fails if it was seen before.
func (d *decoder) once(seen *bool) error {
	if *seen {
		return errTwice
	}
	*seen = d.json.PeekKind() != jsontext.KindNull
	return nil
}

func (d *decoder) string(to *string) error {
	text, err := d.text()
	switch {
	case err != nil || text == nil:
		return err
	case *to != "":
		return errTwice
	}
	*to = string(text)
	return nil
}

func (d *decoder) bool(to **bool) error {
	token, err := d.json.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case jsontext.KindNull:
		return nil
	case jsontext.KindTrue, jsontext.KindFalse:
		if *to != nil {
			return errTwice
		}
		*to = new(token.Bool())
		return nil
	default:
		return errType
	}
}

// text returns a string, or nil for null. It is valid until the next one is read.
func (d *decoder) text() ([]byte, error) {
	switch kind := d.json.PeekKind(); kind {
	case jsontext.KindString, jsontext.KindNull, jsontext.KindInvalid:
		value, err := d.json.ReadValue()
		if err != nil || kind == jsontext.KindNull {
			return nil, err
		}
		// What is no UTF-8 is replaced, as encoding/json does it, and that is all that can be wrong with it here.
		d.buf, _ = jsontext.AppendUnquote(d.buf[:0], value)
		return d.buf, nil
	default:
		return nil, errType
	}
}
