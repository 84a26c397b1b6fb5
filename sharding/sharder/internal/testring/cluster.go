// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

const (
	testNamespace = "shards"

	labelShard = "shard.alpha.sharding.timebertt.dev/my-ring"
	labelDrain = "drain.alpha.sharding.timebertt.dev/my-ring"
)

var (
	begin = time.Date(2030, 1, 2, 3, 4, 5, 678901000, time.UTC)

	deployments      = appsv1.SchemeGroupVersion.WithKind("Deployment")
	deploymentsGroup = schema.GroupResource{Group: "apps", Resource: "deployments"}

	testScope = Scope{Ring: "my-ring", Resources: []Resource{{Kind: deployments}}}
)

// nameFor returns the name of an object that belongs to the wanted shard when the given shards are available. Each
// number gives another name.
func nameFor(wanted string, number int, available ...string) string {
	for n := 0; ; n++ {
		name := fmt.Sprintf("object-%d", n)
		if belongsTo(name, available...) == wanted {
			if number == 0 {
				return name
			}
			number--
		}
	}
}

// belongsTo returns the shard that the object of that name belongs to when the given shards are available.
func belongsTo(name string, available ...string) string {
	return ring.New(available...).Lookup(key.Of(deployments.GroupKind(), "default", name))
}

// shards returns shards in the given states.
func shards(states map[string]lease.State) []lease.Shard {
	var all []lease.Shard
	for name, state := range states {
		all = append(all, lease.Shard{Name: name, State: state})
	}
	slices.SortFunc(all, func(a, b lease.Shard) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func ready(names ...string) map[string]lease.State {
	states := map[string]lease.State{}
	for _, name := range names {
		states[name] = lease.Ready
	}
	return states
}

// cluster is the objects of a ring in an API server, and the parts of a sharder that see to them.
type cluster struct {
	client  client.WithWatch
	clock   *clocktesting.FakeClock
	members *members
	settler *settler
	fencer  *fencer
	leases  *fakeLeases
	delayed *delayedQueue

	problems []ResourceProblem // as they were reported last

	// What happens before a write, and what is answered instead if it returns an error.
	onPatch func(ctx context.Context, object client.Object) error
	// The same for reading and listing.
	onGet  func(ctx context.Context) error
	onList func(ctx context.Context, options client.ListOptions) error

	mu      sync.Mutex
	patches []string
	gets    int
	lists   []client.ListOptions
}

func newCluster(t *testing.T, states map[string]lease.State, objects ...*appsv1.Deployment) *cluster {
	t.Helper()
	c := &cluster{clock: clocktesting.NewFakeClock(begin), members: newMembers("my-ring"), leases: newFakeLeases()}
	c.members.publish(shards(states))

	builder := fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{Get: c.get, List: c.list, Patch: c.patch})
	for _, object := range objects {
		builder.WithObjects(object)
	}
	c.client = builder.Build()

	options := LeadOptions{
		DrainTimeout: time.Minute, CheckPeriod: time.Hour, Concurrency: 4, Log: logr.Discard(),
		OnProblems: func(all []ResourceProblem) { c.problems = all },
	}
	metrics := enterRing("my-ring")
	t.Cleanup(metrics.leave)
	c.delayed = &delayedQueue{queue: newQueue[string]("test", maxBackoff)}
	t.Cleanup(c.delayed.ShutDown)
	c.fencer = &fencer{
		options: options, clock: c.clock, scope: testScope, client: c.client, members: c.members,
		leases: c.leases.leases(c.clock), metrics: metrics, log: logr.Discard(), queue: c.delayed, samples: map[string]sample{},
		find: func(shard string) (types.NamespacedName, bool) {
			return types.NamespacedName{Namespace: testNamespace, Name: shard}, true
		},
	}
	c.settler = &settler{
		scope: testScope, members: c.members, moves: newMovesUnderWay(), client: c.client, fencer: c.fencer, problems: newProblems(options),
		metrics: metrics, log: logr.Discard(),
	}
	return c
}

// settle settles a main object.
func (c *cluster) settle(ctx context.Context, object *metav1.PartialObjectMetadata) error {
	_, err := c.settler.settle(ctx, object)
	return err
}

func (c *cluster) get(ctx context.Context, next client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	c.mu.Lock()
	c.gets++
	c.mu.Unlock()
	if c.onGet != nil {
		if err := c.onGet(ctx); err != nil {
			return err
		}
	}
	return next.Get(ctx, key, object, options...)
}

// list answers in pages, as an API server does and the fake client does not.
func (c *cluster) list(ctx context.Context, next client.WithWatch, list client.ObjectList, given ...client.ListOption) error {
	options := client.ListOptions{}
	options.ApplyOptions(given)
	c.mu.Lock()
	c.lists = append(c.lists, options)
	c.mu.Unlock()
	if c.onList != nil {
		if err := c.onList(ctx, options); err != nil {
			return err
		}
	}
	if err := next.List(ctx, list, &client.ListOptions{LabelSelector: options.LabelSelector}); err != nil {
		return err
	}
	page, ok := list.(*metav1.PartialObjectMetadataList)
	if !ok || options.Limit == 0 {
		return nil
	}
	from, _ := strconv.Atoi(options.Continue)
	from = min(from, len(page.Items)) // what was moved is not listed any more
	to := min(from+int(options.Limit), len(page.Items))
	if to < len(page.Items) {
		page.Continue = strconv.Itoa(to)
	}
	page.Items = page.Items[from:to]
	return nil
}

func (c *cluster) patch(ctx context.Context, next client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	body, err := patch.Data(object)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.patches = append(c.patches, string(body))
	c.mu.Unlock()
	if c.onPatch != nil {
		if err := c.onPatch(ctx, object); err != nil {
			return err
		}
	}
	err = next.Patch(ctx, object, patch, options...)
	if err != nil && patch.Type() == types.JSONPatchType {
		return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "patch", deploymentsGroup, object.GetName(), err.Error(), 0, false)
	}
	return err
}

// samples returns the name of the object that the fencer looks after for each shard.
func (c *cluster) samples() map[string]string {
	c.fencer.mu.Lock()
	defer c.fencer.mu.Unlock()
	names := map[string]string{}
	for shard, sample := range c.fencer.samples {
		names[shard] = sample.object.Name
	}
	return names
}

// object returns the object of that name as it is in the API server, its metadata only.
func (c *cluster) object(t *testing.T, name string) *metav1.PartialObjectMetadata {
	t.Helper()
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(deployments)
	NewWithT(t).Expect(c.client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: name}, object)).To(Succeed())
	return object
}

// relabel gives the object other labels, behind the back of whoever has read it.
func (c *cluster) relabel(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	object := &appsv1.Deployment{}
	NewWithT(t).Expect(c.client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: name}, object)).To(Succeed())
	object.Labels = labels
	NewWithT(t).Expect(c.client.Update(t.Context(), object)).To(Succeed())
}

// deployment returns an object of the ring as the API server has it at resource version 41.
func deployment(name string, labels map[string]string) *appsv1.Deployment {
	object := &appsv1.Deployment{}
	object.Namespace, object.Name, object.Labels = "default", name, labels
	object.UID, object.ResourceVersion = types.UID("uid-of-"+name), "41"
	return object
}

// unsaved returns the object as it may be created.
func unsaved(object *appsv1.Deployment) *appsv1.Deployment {
	object.ResourceVersion = ""
	return object
}

// deploymentMetadata is deployment for those who see its metadata only.
func deploymentMetadata(name string, labels map[string]string) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{ObjectMeta: deployment(name, labels).ObjectMeta}
	object.SetGroupVersionKind(deployments)
	return object
}

func assignedTo(shard string) map[string]string { return map[string]string{labelShard: shard} }
func drainingAt(shard string) map[string]string {
	return map[string]string{labelShard: shard, labelDrain: "true"}
}

func conflict(name string) error {
	return apierrors.NewConflict(deploymentsGroup, name, errors.New("it was changed"))
}

// delayedQueue remembers what was added, and after how long, and gives none of it out.
type delayedQueue struct {
	queue[string]
	mu    sync.Mutex
	added []delayed
}

type delayed struct {
	shard string
	after time.Duration
}

func (q *delayedQueue) AddAfter(shard string, after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.added = append(q.added, delayed{shard, after})
}

func (q *delayedQueue) all() []delayed {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.added)
}
