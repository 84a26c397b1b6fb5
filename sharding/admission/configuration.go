// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// timeoutSeconds is how long the API server waits for an answer. An assignment to a shard that has just left may reach
// the API server's store that much later, and the sharder sweeps for those for 3 s: this is the least that can be set.
const timeoutSeconds = 1

// webhookDomain is how the names of all webhooks of sharders end.
const webhookDomain = ".sharding.timebertt.dev"

// annotationInjectCA lets cert-manager set the CA bundle.
const annotationInjectCA = "cert-manager.io/inject-ca-from"

// WebhookOptions are what a webhook configuration depends on beside its ring.
type WebhookOptions struct {
	// Namespaces selects the namespaces of the ring, by their labels. Nil means all. It holds for no cluster-scoped objects
	// but for Namespaces: API servers select these by their own labels.
	Namespaces *metav1.LabelSelector
	// ExcludedNamespaces are never asked about, beside kube-system. The namespace of the sharder belongs here, which must
	// be able to start while nobody answers. Objects there are assigned all the same, only later.
	ExcludedNamespaces []string
	// Server says how the API server reaches the sharder.
	Server Server
	// Owner is deleted together with the configuration. It has to be cluster-scoped.
	Owner *metav1.OwnerReference
}

// Server is where the API server finds the sharder, and by which CA it knows it. Either Service or URL is set.
type Server struct {
	// Service is the Service in front of the sharder.
	Service *admissionregistrationv1.ServiceReference
	// URL is where the sharder is reached without a Service, such as https://127.0.0.1:9443.
	URL string
	// CABundle are the certificates, in PEM, of which one has to have signed the sharder's.
	CABundle []byte
	// InjectCAFrom is the cert-manager certificate, as namespace/name, whose CA is injected by cert-manager instead. The
	// bundle then belongs to cert-manager, and CABundle is ignored.
	InjectCAFrom string
}

// WebhookName returns the name of the MutatingWebhookConfiguration of the given ring.
func WebhookName(ring string) string { return "sharding-" + ring }

// WebhookConfiguration returns what the API server has to know to ask about the unassigned objects of the ring, and only
// about those. Nothing in it is left to be defaulted.
//
// There are up to two webhooks, one for the main and one for the controlled resources. Requests go on if nobody answers.
func WebhookConfiguration(ring Ring, options WebhookOptions) *admissionregistrationv1.MutatingWebhookConfiguration {
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{
			Name:   WebhookName(ring.Name),
			Labels: map[string]string{shardingv1alpha1.LabelControllerRing: ring.Name},
		},
	}
	if options.Server.InjectCAFrom != "" {
		configuration.Annotations = map[string]string{annotationInjectCA: options.Server.InjectCAFrom}
	}
	if options.Owner != nil {
		configuration.OwnerReferences = []metav1.OwnerReference{*options.Owner}
	}

	add := func(name string, rules []admissionregistrationv1.RuleWithOperations, conditions ...admissionregistrationv1.MatchCondition) {
		if len(rules) == 0 {
			return
		}
		configuration.Webhooks = append(configuration.Webhooks, admissionregistrationv1.MutatingWebhook{
			Name:              name + "." + ring.Name + webhookDomain,
			ClientConfig:      options.Server.clientConfig(ring.Name),
			Rules:             rules,
			NamespaceSelector: namespaceSelector(options),
			ObjectSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: shardingv1alpha1.LabelShard(ring.Name), Operator: metav1.LabelSelectorOpDoesNotExist},
			}},
			MatchConditions: append([]admissionregistrationv1.MatchCondition{unassignedCondition(ring.Name), livingCondition}, conditions...),
			FailurePolicy:   new(admissionregistrationv1.Ignore),
			// The main resources are named in one version and one group; whoever writes another one is asked about, too.
			MatchPolicy:             new(admissionregistrationv1.Equivalent),
			SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
			TimeoutSeconds:          new(int32(timeoutSeconds)),
			AdmissionReviewVersions: []string{"v1"},
			// What other webhooks do later is no reason to ask again: who takes the label away has the sharder to deal with.
			ReinvocationPolicy: new(admissionregistrationv1.NeverReinvocationPolicy),
		})
	}
	add("main", rules(maps.Keys(ring.Main)), namedCondition)
	if mains := ring.controllers(); len(mains) > 0 {
		add("controlled", rules(maps.Keys(ring.Controlled)), controlledCondition(mains))
	}
	return configuration
}

// controllers returns the main kinds that control something, sorted.
func (r Ring) controllers() []schema.GroupKind {
	var kinds []schema.GroupKind
	for _, mains := range r.Controlled {
		for _, main := range mains {
			kinds = append(kinds, main.GroupKind)
		}
	}
	slices.SortFunc(kinds, func(a, b schema.GroupKind) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(kinds)
}

// rules returns a rule for each API group, both groups and resources sorted.
func rules(resources func(func(schema.GroupResource) bool)) []admissionregistrationv1.RuleWithOperations {
	var rules []admissionregistrationv1.RuleWithOperations
	for _, resource := range slices.SortedFunc(resources, func(a, b schema.GroupResource) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Resource, b.Resource))
	}) {
		if last := len(rules) - 1; last >= 0 && rules[last].APIGroups[0] == resource.Group {
			rules[last].Resources = append(rules[last].Resources, resource.Resource)
			continue
		}
		rules = append(rules, admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
			Rule: admissionregistrationv1.Rule{
				APIGroups:   []string{resource.Group},
				APIVersions: []string{"*"},
				Resources:   []string{resource.Resource},
				Scope:       new(admissionregistrationv1.AllScopes),
			},
		})
	}
	return rules
}

// namespaceSelector returns the ring's selector without the namespaces that are excluded.
func namespaceSelector(options WebhookOptions) *metav1.LabelSelector {
	excluded := slices.Compact(slices.Sorted(slices.Values(append([]string{metav1.NamespaceSystem}, options.ExcludedNamespaces...))))
	selector := &metav1.LabelSelector{}
	if options.Namespaces != nil {
		selector = options.Namespaces.DeepCopy()
	}
	selector.MatchExpressions = append(selector.MatchExpressions, metav1.LabelSelectorRequirement{
		Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: excluded,
	})
	return selector
}

func (s Server) clientConfig(ring string) admissionregistrationv1.WebhookClientConfig {
	var config admissionregistrationv1.WebhookClientConfig
	if s.InjectCAFrom == "" {
		config.CABundle = s.CABundle
	}
	if s.Service == nil {
		config.URL = new(strings.TrimSuffix(s.URL, "/") + Path(ring))
		return config
	}
	config.Service = s.Service.DeepCopy()
	config.Service.Path = new(Path(ring))
	if config.Service.Port == nil {
		config.Service.Port = new(int32(443))
	}
	return config
}
