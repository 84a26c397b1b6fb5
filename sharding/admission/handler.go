// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

// maxBody is how many bytes a request may have. An API server takes objects of 3 MiB at most, and an update comes with
// the object as it was before.
const maxBody = 8 << 20

// Handler answers admission requests about the objects of rings. It never denies one: where there is something wrong, the
// object is left unassigned.
type Handler struct {
	rings Rings
	log   logr.Logger
	calm  rate.Sometimes // bounds what is logged: there may be many requests of the same kind
}

var _ http.Handler = &Handler{}

// NewHandler returns a handler for all paths that begin with PathPrefix.
func NewHandler(rings Rings, log logr.Logger) *Handler {
	return &Handler{rings: rings, log: log.WithName("admission"), calm: rate.Sometimes{First: 10, Interval: 10 * time.Second}}
}

// Register lets the manager's webhook server serve the rings. Every instance serves them, whether it leads or not.
func Register(server webhook.Server, rings Rings, log logr.Logger) {
	server.Register(PathPrefix, NewHandler(rings, log))
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	name := strings.TrimPrefix(r.URL.Path, PathPrefix)
	ring, known := h.rings.Ring(name)

	q, err := read(w, r)
	result, shard := unreadable, ""
	switch {
	case err != nil:
		h.calm.Do(func() {
			h.log.Error(err, "Let an object pass unassigned, since the request is not readable", "ring", name)
		})
	case !known:
		result = unknown
		h.calm.Do(func() { h.log.Info("Let an object pass unassigned, since there is no such ring", "ring", name) })
	default:
		result, shard = ring.decide(q)
	}

	var patch []operation
	if result == assigned {
		patch = q.object.patch(ring.Name, shard)
	}
	body, err := answer(q.uid, patch)
	if err != nil {
		h.calm.Do(func() { h.log.Error(err, "Could not encode an answer", "ring", name) })
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // whoever asked is gone if it fails, and there is nobody to tell
	observe(ring.Name, result, time.Since(begun))
}

// read reads the request as far as possible, whatever else is wrong with it.
func read(w http.ResponseWriter, r *http.Request) (request, error) {
	q, err := readRequest(http.MaxBytesReader(w, r.Body, maxBody))
	if media := r.Header.Get("Content-Type"); err == nil && media != "application/json" {
		if media, _, _ = mime.ParseMediaType(media); media != "application/json" {
			err = fmt.Errorf("the content type is %q", r.Header.Get("Content-Type"))
		}
	}
	return q, err
}
