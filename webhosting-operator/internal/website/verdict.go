// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// verdict is what a reconcile found out about a website.
type verdict struct {
	phase   v1alpha1.WebsitePhase
	reason  string
	message string
	// tentative holds if the next event, which is due any moment, is likely to bring another verdict.
	tentative bool
}

// ready is the status of the condition Ready.
func (v verdict) ready() metav1.ConditionStatus {
	if v.phase == v1alpha1.PhaseReady {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

// maxMessage is the length in bytes to which messages of others are cut. Events have room for 1024.
const maxMessage = 960

var deleted = verdict{
	phase:   v1alpha1.PhaseTerminating,
	reason:  v1alpha1.ReasonDeleted,
	message: "the website is being deleted and is gone when the last of its finalizers is",
}

func themeNotFound(theme string) verdict {
	return verdict{
		phase:   v1alpha1.PhaseError,
		reason:  v1alpha1.ReasonThemeNotFound,
		message: fmt.Sprintf("theme %q does not exist: create it, or name another one in spec.theme", theme),
	}
}

// verdictOnFailure puts an error into words for the people who can do something about it: Error if it is a refusal,
// Pending if not.
func verdictOnFailure(err error) verdict {
	found := verdict{phase: v1alpha1.PhasePending, reason: v1alpha1.ReasonRetrying, message: err.Error()}
	if refused, ok := errors.AsType[*refusal](err); ok {
		found.phase, found.reason = v1alpha1.PhaseError, refused.reason
	}
	if len(found.message) > maxMessage {
		found.message = strings.ToValidUTF8(found.message[:maxMessage], "") + "..."
	}
	return found
}

// verdictOn is the verdict on a website whose objects are as they should be. Its words are the same from the start of a
// rollout to its end, so that a rollout costs two status writes however many steps it has.
func verdictOn(progress rollout, serverName string) verdict {
	switch progress {
	case rolloutComplete:
		return verdict{
			phase:   v1alpha1.PhaseReady,
			reason:  v1alpha1.ReasonAvailable,
			message: fmt.Sprintf("Deployment %s is up to date and available", serverName),
		}
	case rolloutStuck:
		return verdict{
			phase:   v1alpha1.PhasePending,
			reason:  v1alpha1.ReasonRolloutStuck,
			message: fmt.Sprintf("Deployment %s makes no progress: look at its pods", serverName),
		}
	default:
		return verdict{
			phase:     v1alpha1.PhasePending,
			reason:    v1alpha1.ReasonRollingOut,
			message:   fmt.Sprintf("Deployment %s is rolling out", serverName),
			tentative: progress == rolloutUnobserved,
		}
	}
}
