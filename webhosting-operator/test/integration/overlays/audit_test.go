// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// auditPolicy logs all that ServiceAccounts ask for, which are the programs under test, and not what people do.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  userGroups: ["system:serviceaccounts"]
- level: None
`

// answer is a request of a ServiceAccount and how it was answered.
type answer struct {
	Verb       string
	RequestURI string
	User       struct{ Username string }

	ResponseStatus struct {
		Code    int
		Message string
	}
}

func (a answer) String() string {
	return fmt.Sprintf("%s %s %s: %d %s", a.User.Username, a.Verb, a.RequestURI, a.ResponseStatus.Code, a.ResponseStatus.Message)
}

// refused says that the answer came from a policy, from the permissions, or from the validation of the object. A JSON patch
// whose test fails is none of that: it is how sharder and operator write only to what they decided on.
func (a answer) refused() bool {
	return a.ResponseStatus.Code == http.StatusForbidden || a.ResponseStatus.Code == http.StatusUnprocessableEntity &&
		!strings.Contains(a.ResponseStatus.Message, "rejected our request due to an error in our request")
}

// answersTo returns the answers to a ServiceAccount since the log had the given length.
func answersTo(namespace, account string, since int) []answer {
	GinkgoHelper()
	log, err := os.ReadFile(auditLog)
	Expect(err).NotTo(HaveOccurred())
	var answers []answer
	for line := range strings.Lines(string(log[since:])) {
		if !strings.HasSuffix(line, "\n") {
			break // is still being written
		}
		var a answer
		Expect(json.Unmarshal([]byte(line), &a)).To(Succeed())
		if a.User.Username == "system:serviceaccount:"+namespace+":"+account {
			answers = append(answers, a)
		}
	}
	return answers
}

func refused(answers []answer) []answer {
	return slices.DeleteFunc(slices.Clone(answers), func(a answer) bool { return !a.refused() })
}

// auditLogLength is where the log ends now.
func auditLogLength() int {
	GinkgoHelper()
	info, err := os.Stat(auditLog)
	Expect(err).NotTo(HaveOccurred())
	return int(info.Size())
}
