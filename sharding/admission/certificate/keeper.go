// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// errNone is returned as long as there is no certificate.
var errNone = errors.New("there is no certificate yet")

// Options configure a Keeper.
type Options struct {
	// Secret is where the certificates are kept. It is made if it does not exist, and no one else should write to it.
	// Deleting it makes new certificates, with which nothing is left of the old ones.
	Secret types.NamespacedName
	// Hosts are the DNS names and IP addresses by which API servers reach the webhook.
	Hosts []string
	// Lifetime is how long a certificate is valid, at least 90 s. Default: 90 days.
	Lifetime time.Duration

	// Clock tells the time. Default: the real clock.
	Clock clock.Clock
	// Log is used for what the keeper has to say. Default: the logger of controller-runtime.
	Log logr.Logger
}

// Keeper makes certificates, keeps them in a Secret that all replicas share, and replaces them long before they expire.
type Keeper struct {
	options Options
	config  *rest.Config
	reader  client.Reader
	writer  client.Writer

	trust
	serving atomic.Pointer[tls.Certificate]
}

// New returns a keeper that works with the given reader and writer of Secrets once it is reconciled.
func New(reader client.Reader, writer client.Writer, options Options) *Keeper {
	options.Lifetime = cmp.Or(options.Lifetime, 90*24*time.Hour)
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Log.GetSink() == nil {
		options.Log = log.Log.WithName("certificate")
	}
	return &Keeper{reader: reader, writer: writer, options: options}
}

// NewForConfig returns a keeper that, when started, watches its Secret, and no other.
func NewForConfig(config *rest.Config, options Options) (*Keeper, error) {
	writer, err := client.New(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("making a client for certificates: %w", err)
	}
	k := New(nil, writer, options)
	k.config = config
	return k, nil
}

// NeedLeaderElection returns false: each replica serves.
func (k *Keeper) NeedLeaderElection() bool { return false }

// Start keeps the certificates until the context ends.
func (k *Keeper) Start(ctx context.Context) error {
	secret := k.secret()
	cache, err := cache.New(k.config, cache.Options{ByObject: map[client.Object]cache.ByObject{secret: {
		Namespaces: map[string]cache.Config{secret.Namespace: {}},
		Field:      fields.OneTermEqualSelector("metadata.name", secret.Name),
	}}})
	if err != nil {
		return fmt.Errorf("making a cache for certificates: %w", err)
	}
	k.reader = cache
	unmanaged, err := controller.NewUnmanaged("certificate", controller.Options{Reconciler: k, SkipNameValidation: new(true)})
	if err != nil {
		return fmt.Errorf("making a controller for certificates: %w", err)
	}
	request := reconcile.Request{NamespacedName: k.options.Secret}
	for _, trigger := range []source.Source{
		source.Kind(cache, secret, &handler.TypedEnqueueRequestForObject[*corev1.Secret]{}),
		// There may be no Secret that could be seen.
		source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			queue.Add(request)
			return nil
		}),
	} {
		if err := unmanaged.Watch(trigger); err != nil {
			return fmt.Errorf("watching certificates: %w", err)
		}
	}
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		ended <- cache.Start(ctx)
	}()
	err = unmanaged.Start(ctx)
	cancel()
	return errors.Join(err, <-ended)
}

// Reconcile looks at the Secret, writes it if it has to be written, and serves with what it holds.
func (k *Keeper) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	secret := k.secret()
	if err := k.reader.Get(ctx, k.options.Secret, secret); client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("reading the certificates: %w", err)
	}
	now := k.options.Clock.Now()
	stock := parseStock(secret.Data, rules{hosts: k.options.Hosts, lifetime: k.options.Lifetime}, now)
	if !now.Before(stock.renewal()) {
		renewed, err := stock.renewed(now)
		if err != nil {
			return reconcile.Result{}, err
		}
		secret.Data = renewed.data()
		switch err := k.write(ctx, secret); {
		case apierrors.IsAlreadyExists(err), apierrors.IsConflict(err):
			// Another replica was faster. What it wrote is about to be seen.
			return reconcile.Result{RequeueAfter: time.Second}, nil
		case err != nil:
			return reconcile.Result{}, fmt.Errorf("writing the certificates: %w", err)
		}
		k.options.Log.Info("Made a new certificate", "secret", k.options.Secret)
		stock = renewed
	}
	if serving, ok := stock.serving(now); ok {
		k.serving.Store(&serving.serves)
	}
	k.set(stock.bundle())
	return reconcile.Result{RequeueAfter: stock.next(now).Sub(now)}, nil
}

func (k *Keeper) write(ctx context.Context, secret *corev1.Secret) error {
	if secret.ResourceVersion == "" {
		return k.writer.Create(ctx, secret)
	}
	return k.writer.Update(ctx, secret)
}

func (k *Keeper) secret() *corev1.Secret {
	secret := &corev1.Secret{}
	secret.Namespace, secret.Name = k.options.Secret.Namespace, k.options.Secret.Name
	return secret
}

// GetCertificate implements Source.
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if certificate := k.serving.Load(); certificate != nil {
		return certificate, nil
	}
	return nil, errNone
}

// Ready implements Source.
func (k *Keeper) Ready(*http.Request) error {
	_, err := k.GetCertificate(nil)
	return err
}
