// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestSubjects(t *testing.T) {
	for request, expected := range map[string]subject{
		"GET /apis/apps/v1/deployments":                                {"list", "apps", "deployments", ""},
		"GET /apis/apps/v1/namespaces/a/deployments?watch=true":        {"watch", "apps", "deployments", ""},
		"GET /apis/apps/v1/deployments?watch=1&limit=5":                {"watch", "apps", "deployments", ""},
		"GET /apis/apps/v1/deployments?watch=false":                    {"list", "apps", "deployments", ""},
		"PATCH /apis/apps/v1/namespaces/a/deployments/b":               {"patch", "apps", "deployments", ""},
		"PUT /apis/apps/v1/namespaces/a/deployments/b/status":          {"update", "apps", "deployments", "status"},
		"POST /api/v1/namespaces/a/configmaps":                         {"create", "", "configmaps", ""},
		"DELETE /api/v1/namespaces/a/configmaps/b":                     {"delete", "", "configmaps", ""},
		"DELETE /api/v1/namespaces/a/configmaps":                       {"deletecollection", "", "configmaps", ""},
		"GET /api/v1/namespaces":                                       {"list", "", "namespaces", ""},
		"GET /api/v1/namespaces/a":                                     {"get", "", "namespaces", ""},
		"PUT /api/v1/namespaces/a/finalize":                            {"update", "", "namespaces", "finalize"},
		"POST /api/v1/namespaces/a/serviceaccounts/b/token":            {"create", "", "serviceaccounts", "token"},
		"GET /clusters/c/apis/webhosting.timebertt.dev/v1/themes/dark": {"get", "webhosting.timebertt.dev", "themes", ""},
		"GET /api/v1/namespaces/apis/configmaps/a":                     {"get", "", "configmaps", ""},
		"GET /apis/apps/v1/namespaces/api/deployments":                 {"list", "apps", "deployments", ""},
		"GET /apis":                     {"get", "", "", ""},
		"GET /apis/apps/v1":             {"get", "", "", ""},
		"GET /api/v1":                   {"get", "", "", ""},
		"GET /version":                  {"get", "", "", ""},
		"POST /apis/":                   {"post", "", "", ""},
		"GET /openapi/v3/apis/apps/v1":  {"get", "", "", ""},
		"GET /healthz/poststarthook//x": {"get", "", "", ""},
	} {
		t.Run(request, func(t *testing.T) {
			method, url, _ := strings.Cut(request, " ")
			NewWithT(t).Expect(subjectOf(httptest.NewRequest(method, url, nil))).To(Equal(expected))
		})
	}
}
