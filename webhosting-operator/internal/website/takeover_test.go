// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// readyElsewhere adds a website that another instance brought to Ready, none of whose objects the cache shows.
func (w *world) readyElsewhere(name string) *v1alpha1.Website {
	added := site(name, nil)
	added.UID = types.UID(name)
	added.Status.Phase, added.Status.ObservedGeneration = v1alpha1.PhaseReady, added.Generation
	w.put(added)
	return added
}

func (w *world) reconcileNamed(name string) reconcile.Result {
	result, err := w.Reconcile(context.Background(), reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "project", Name: name}})
	w.Expect(err).NotTo(HaveOccurred())
	return result
}

// duringTwoTakeovers calls f while two websites are being taken over.
func (w *world) duringTwoTakeovers(f func()) {
	w.readyElsewhere("outer")
	w.readyElsewhere("inner")
	depth := 0
	w.refuse = func(string) *apierrors.StatusError {
		depth++
		switch depth {
		case 1:
			w.reconcileNamed("inner")
		case 2:
			f()
		}
		return nil
	}
	w.reconcileNamed("outer")
	w.refuse = nil
	w.Expect(depth).To(BeNumerically(">=", 8), "four objects each were applied")
}

func shardWorld(t *testing.T) *world {
	w := newWorld(t)
	w.ControlledLabels = map[string]string{"example.com/shard": "second"}
	return w
}

func TestOnlySomeTakeoversAtATime(t *testing.T) {
	w := shardWorld(t)
	w.readyElsewhere("third")

	w.duringTwoTakeovers(func() {
		before := len(w.requests)
		w.Expect(w.reconcileNamed("third").RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 10*time.Second)))
		w.Expect(w.requests).To(HaveLen(before))
	})

	w.requests = nil
	w.reconcileNamed("third")
	w.Expect(w.requests).To(Equal(applies), "its turn comes when the others have ended")
}

func TestNothingElseWaitsForTakeovers(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.Website){
		"a website that somebody changed": func(site *v1alpha1.Website) { site.Generation++ },
		"a website that is not ready":     func(site *v1alpha1.Website) { site.Status.Phase = v1alpha1.PhasePending },
		"a new website":                   func(site *v1alpha1.Website) { site.Status = v1alpha1.WebsiteStatus{} },
	} {
		t.Run(name, func(t *testing.T) {
			w := shardWorld(t)
			change(w.readyElsewhere("third"))
			w.duringTwoTakeovers(func() {
				before := len(w.requests)
				w.reconcileNamed("third")
				w.Expect(w.requests[before:]).To(Equal(applies))
			})
		})
	}
}
