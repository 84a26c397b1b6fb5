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

const (
	// maxMessage is the length in bytes to which messages of others are cut. Events have room for 1024.
	maxMessage = 960
	// maxRefusal is the same for what is put into a sentence of ours.
	maxRefusal = 720
)

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
	found.message = cut(found.message, maxMessage)
	return found
}

// cut shortens a message to so many bytes, and says so.
func cut(message string, to int) string {
	if len(message) <= to {
		return message
	}
	return strings.ToValidUTF8(message[:to], "") + "..."
}

// verdictOn is the verdict on a website whose objects are as they should be. Its words are the same from the start of a
// rollout to its end, so that a rollout costs two status writes however many steps it has.
func verdictOn(seen progress, serverName string) verdict {
	switch seen.rollout {
	case rolloutComplete:
		return verdict{
			phase:   v1alpha1.PhaseReady,
			reason:  v1alpha1.ReasonAvailable,
			message: fmt.Sprintf("Deployment %s is up to date and available", serverName),
		}
	case rolloutRefused:
		return verdict{
			phase:  v1alpha1.PhasePending,
			reason: v1alpha1.ReasonRolloutStuck,
			message: fmt.Sprintf("Deployment %s may not have the pods that it needs: %s. Once this is repaired, the cluster"+
				" tries again by itself, after some minutes at the latest", serverName, cut(seen.refusal, maxRefusal)),
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
			tentative: seen.rollout == rolloutUnobserved,
		}
	}
}
