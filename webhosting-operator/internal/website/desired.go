// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
)

// site is what the objects of one website are built from.
type site struct {
	website    *v1alpha1.Website
	serverName string
	files      page.Files
	// skipWorkload holds if neither pods nor an ingress controller should have work with the website.
	skipWorkload bool
}

func newSite(website *v1alpha1.Website, theme *v1alpha1.Theme) (site, error) {
	s := site{
		website:      website,
		serverName:   ServerName(website),
		skipWorkload: skipsWorkload(website),
	}
	files, err := page.Render(page.Input{
		Namespace:  website.Namespace,
		Name:       website.Name,
		ServerName: s.serverName,
		Color:      theme.Spec.Color,
		FontFamily: theme.Spec.FontFamily,
	})
	s.files = files
	return s, err
}

func skipsWorkload(website metav1.Object) bool {
	return website.GetLabels()[v1alpha1.LabelSkipWorkload] == "true"
}
