// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package testring

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// Cluster is an API server that holds the objects of a ring.
type Cluster struct {
	Client client.WithWatch

	// OnPatch is what happens before a write, and what is answered instead if it returns an error.
	OnPatch func(ctx context.Context, object client.Object) error
	// OnGet and OnList are the same for reading and listing.
	OnGet  func(ctx context.Context) error
	OnList func(ctx context.Context, options client.ListOptions) error

	mu      sync.Mutex
	patches []string
	gets    int
	lists   []client.ListOptions
}

// NewCluster returns a cluster that holds the objects.
func NewCluster(objects ...*appsv1.Deployment) *Cluster {
	c := &Cluster{}
	builder := fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{Get: c.get, List: c.list, Patch: c.patch})
	for _, object := range objects {
		builder.WithObjects(object)
	}
	c.Client = builder.Build()
	return c
}

// Patches returns the bodies of all patches that were sent.
func (c *Cluster) Patches() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.patches)
}

// Gets returns how often an object was read.
func (c *Cluster) Gets() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gets
}

// Lists returns with which options objects were listed.
func (c *Cluster) Lists() []client.ListOptions {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lists)
}

// Forget forgets what was read and listed so far.
func (c *Cluster) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gets, c.lists = 0, nil
}

// Object returns the object of that name as it is in the API server, its metadata only.
func (c *Cluster) Object(t *testing.T, name string) *metav1.PartialObjectMetadata {
	t.Helper()
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(Deployments)
	NewWithT(t).Expect(c.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: name}, object)).To(Succeed())
	return object
}

// Relabel gives the object other labels, behind the back of whoever has read it.
func (c *Cluster) Relabel(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	object := &appsv1.Deployment{}
	NewWithT(t).Expect(c.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: name}, object)).To(Succeed())
	object.Labels = labels
	NewWithT(t).Expect(c.Client.Update(t.Context(), object)).To(Succeed())
}

func (c *Cluster) get(ctx context.Context, next client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	c.mu.Lock()
	c.gets++
	c.mu.Unlock()
	if c.OnGet != nil {
		if err := c.OnGet(ctx); err != nil {
			return err
		}
	}
	return next.Get(ctx, key, object, options...)
}

// list answers in pages, as an API server does and the fake client does not.
func (c *Cluster) list(ctx context.Context, next client.WithWatch, list client.ObjectList, given ...client.ListOption) error {
	options := client.ListOptions{}
	options.ApplyOptions(given)
	c.mu.Lock()
	c.lists = append(c.lists, options)
	c.mu.Unlock()
	if c.OnList != nil {
		if err := c.OnList(ctx, options); err != nil {
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

func (c *Cluster) patch(ctx context.Context, next client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	body, err := patch.Data(object)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.patches = append(c.patches, string(body))
	c.mu.Unlock()
	if c.OnPatch != nil {
		if err := c.OnPatch(ctx, object); err != nil {
			return err
		}
	}
	err = next.Patch(ctx, object, patch, options...)
	if err != nil && patch.Type() == types.JSONPatchType {
		return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "patch", DeploymentsGroup, object.GetName(), err.Error(), 0, false)
	}
	return err
}
