// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// conflictDelay is how long a write that was decided on outdated data waits for its next attempt. By then the caches
// have usually seen the write that it lost against.
const conflictDelay = 20 * time.Millisecond

// refusal is an error that only people can do something about. All others are worth another attempt, and no website's
// phase changes because of them.
type refusal struct {
	reason string
	err    error
}

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

// nameTaken is the refusal to take over an object that somebody else controls, or nobody.
func nameTaken(live client.Object, owner *metav1.OwnerReference) error {
	by := "is controlled by nobody"
	if owner != nil {
		by = "is controlled by " + owner.Kind + " " + owner.Name
	}
	return &refusal{
		reason: v1alpha1.ReasonNameTaken,
		err:    fmt.Errorf("%T %s %s: delete or rename it", live, live.GetName(), by),
	}
}

// isFieldConflict holds for an apply that would change what others have set.
func isFieldConflict(err error) bool {
	return apierrors.IsConflict(err) && apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict)
}

// errReplaced ends a reconcile that had to replace an object. The next one finds out what became of it.
var errReplaced = errors.New("replaced what could not be merged")

// takeoverWaits ends a reconcile that comes while enough other websites are being taken over. It is how long to wait.
type takeoverWaits time.Duration

func (takeoverWaits) Error() string { return "other websites are being taken over" }

// asRefusal turns the API server's error into a refusal if it is one. It returns nil for none.
func asRefusal(err error) error {
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return err
	case apierrors.IsInvalid(err) && hasCauseIn(err, "metadata.ownerReferences"):
		// There can be one controller only.
		return &refusal{reason: v1alpha1.ReasonNameTaken, err: err}
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err), apierrors.IsBadRequest(err),
		apierrors.IsRequestEntityTooLargeError(err), apierrors.IsMethodNotSupported(err):
		return &refusal{reason: v1alpha1.ReasonRefused, err: err}
	default:
		return err
	}
}

func hasCauseIn(err error, field string) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	for _, cause := range status.Status().Details.Causes {
		if cause.Field == field {
			return true
		}
	}
	return false
}

// retry returns how to go on after an error that is no refusal.
func retry(ctx context.Context, err error) (reconcile.Result, error) {
	if wait, ok := errors.AsType[takeoverWaits](err); ok {
		return reconcile.Result{RequeueAfter: time.Duration(wait)}, nil
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		// The process is about to end.
		return reconcile.Result{}, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), errors.Is(err, errReplaced):
		// Somebody else wrote meanwhile. That is no error, and neither the log nor the backoff should take it for one.
		log.FromContext(ctx).V(1).Info("Starting over", "reason", err.Error())
		return reconcile.Result{RequeueAfter: conflictDelay}, nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		// The website is about to be deleted as well.
		return reconcile.Result{}, nil
	default:
		return reconcile.Result{}, err
	}
}
