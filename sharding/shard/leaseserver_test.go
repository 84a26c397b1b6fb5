// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	clienttesting "k8s.io/client-go/testing"
)

const testNamespace = "shards"

// leaseServer keeps leases as an API server does: beyond what client-go's fake clientset can, it refuses writes of an
// old resource version, and keeps what its JSON holds, which is microseconds.
type leaseServer struct {
	*fake.Clientset
	version int
}

func newLeaseServer() *leaseServer {
	s := &leaseServer{Clientset: fake.NewClientset()}
	s.PrependReactor("create", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		lease := s.accept(action.(clienttesting.CreateAction).GetObject())
		return true, lease, s.Tracker().Create(action.GetResource(), lease, action.GetNamespace())
	})
	s.PrependReactor("update", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		sent := action.(clienttesting.UpdateAction).GetObject().(*coordinationv1.Lease)
		current, err := s.Tracker().Get(action.GetResource(), action.GetNamespace(), sent.Name)
		if err != nil {
			return true, nil, err
		}
		if current.(*coordinationv1.Lease).ResourceVersion != sent.ResourceVersion {
			return true, nil, apierrors.NewConflict(action.GetResource().GroupResource(), sent.Name, errors.New("it was changed"))
		}
		lease := s.accept(sent)
		return true, lease, s.Tracker().Update(action.GetResource(), lease, action.GetNamespace())
	})
	return s
}

// accept runs one at a time, as all reactors do.
func (s *leaseServer) accept(sent runtime.Object) *coordinationv1.Lease {
	encoded, err := json.Marshal(sent)
	if err != nil {
		panic(err)
	}
	lease := &coordinationv1.Lease{}
	if err := json.Unmarshal(encoded, lease); err != nil {
		panic(err)
	}
	s.version++
	lease.ResourceVersion = strconv.Itoa(s.version)
	return lease
}

// lease returns the shard's lease as it is now.
func (s *leaseServer) lease(t *testing.T, name string) *coordinationv1.Lease {
	t.Helper()
	lease, err := s.CoordinationV1().Leases(testNamespace).Get(t.Context(), name, metav1.GetOptions{})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return lease
}

// change changes the shard's lease as somebody else than the shard.
func (s *leaseServer) change(t *testing.T, name string, change func(*coordinationv1.Lease)) {
	t.Helper()
	lease := s.lease(t, name)
	change(lease)
	_, err := s.CoordinationV1().Leases(testNamespace).Update(t.Context(), lease, metav1.UpdateOptions{})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
}

func (s *leaseServer) delete(t *testing.T, name string) {
	t.Helper()
	NewWithT(t).Expect(s.CoordinationV1().Leases(testNamespace).Delete(t.Context(), name, metav1.DeleteOptions{})).To(Succeed())
}

// connect returns a client of the server for one process.
func (s *leaseServer) connect() *connection { return &connection{LeasesGetter: s.CoordinationV1()} }

// connection is how one process reaches the server. What it is to do before a request is sent and after it was answered
// may be set: if one of them returns an error, that is all the process gets.
type connection struct {
	coordinationv1client.LeasesGetter
	before, after func(verb string) error
}

func (c *connection) Leases(namespace string) coordinationv1client.LeaseInterface {
	return &connectedLeases{LeaseInterface: c.LeasesGetter.Leases(namespace), connection: c}
}

type connectedLeases struct {
	coordinationv1client.LeaseInterface
	connection *connection
}

func (c *connectedLeases) Get(ctx context.Context, name string, options metav1.GetOptions) (*coordinationv1.Lease, error) {
	return c.connection.send("get", func() (*coordinationv1.Lease, error) { return c.LeaseInterface.Get(ctx, name, options) })
}

func (c *connectedLeases) Create(ctx context.Context, lease *coordinationv1.Lease, options metav1.CreateOptions) (*coordinationv1.Lease, error) {
	return c.connection.send("create", func() (*coordinationv1.Lease, error) { return c.LeaseInterface.Create(ctx, lease, options) })
}

func (c *connectedLeases) Update(ctx context.Context, lease *coordinationv1.Lease, options metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	return c.connection.send("update", func() (*coordinationv1.Lease, error) { return c.LeaseInterface.Update(ctx, lease, options) })
}

func (c *connection) send(verb string, request func() (*coordinationv1.Lease, error)) (*coordinationv1.Lease, error) {
	if c.before != nil {
		if err := c.before(verb); err != nil {
			return nil, err
		}
	}
	lease, err := request()
	if err == nil && c.after != nil {
		err = c.after(verb)
	}
	if err != nil {
		return nil, err
	}
	return lease, nil
}
