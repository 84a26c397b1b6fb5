// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package permissions_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// auditPolicy logs what ServiceAccounts ask for, and what they get.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  userGroups: [system:serviceaccounts]
- level: None
`

// account is a ServiceAccount.
type account struct{ namespace, name string }

func (a account) user() string { return "system:serviceaccount:" + a.namespace + ":" + a.name }

// request is what somebody asked the API server for. The resource is one like deployments.apps/status.
type request struct {
	verb, resource, namespace, name string
	refused                         bool
}

func (r request) String() string {
	return fmt.Sprintf("%s %s %s/%s", r.verb, r.resource, r.namespace, r.name)
}

// requests returns what the account has asked for until now, each once. Requests for no resource are left out: discovery
// is granted to everybody.
func (c *cluster) requests(from account) []request {
	GinkgoHelper()
	content, err := os.ReadFile(c.auditLog)
	Expect(err).NotTo(HaveOccurred())
	found := map[request]bool{}
	for line := range strings.Lines(string(content)) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		var event struct {
			Verb           string
			User           struct{ Username string }
			ObjectRef      *struct{ APIGroup, Resource, Subresource, Namespace, Name string }
			ResponseStatus struct{ Code int }
		}
		Expect(json.Unmarshal([]byte(line), &event)).To(Succeed())
		if event.User.Username != from.user() || event.ObjectRef == nil {
			continue
		}
		object := event.ObjectRef
		r := request{
			verb: event.Verb, resource: resource(object.APIGroup, object.Resource, object.Subresource),
			namespace: object.Namespace, name: object.Name, refused: event.ResponseStatus.Code == 403,
		}
		found[r] = true
		if r.verb == "patch" && event.ResponseStatus.Code == 201 { // an apply of what was not there needs both
			r.verb = "create"
			found[r] = true
		}
	}
	return slices.Collect(maps.Keys(found))
}

func resource(group, name, subresource string) string {
	if group != "" {
		name += "." + group
	}
	if subresource != "" {
		name += "/" + subresource
	}
	return name
}
