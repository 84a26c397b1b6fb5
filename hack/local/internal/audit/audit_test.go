// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
)

const log = `{"stage":"ResponseComplete","verb":"patch","userAgent":"webhosting-operator/v1 shard/webhosting-operator-1","requestReceivedTimestamp":"2026-01-01T12:00:00.5Z","user":{"username":"system:serviceaccount:webhosting-system:webhosting-operator","extra":{"authentication.kubernetes.io/credential-id":["JTI=1"]}},"objectRef":{"resource":"websites","subresource":"status","namespace":"garden","name":"herbs"},"responseStatus":{"code":200}}
{"stage":"ResponseStarted","verb":"create","objectRef":{"resource":"websites"}}
{"stage":"ResponseComplete","verb":"patch","userAgent":"webhosting-operator/v1 shard/webhosting-operator-0 sharder","objectRef":{"resource":"websites","namespace":"garden","name":"herbs"},"responseStatus":{"code":409}}
{"stage":"ResponseComplete","verb":"update","userAgent":"kubectl/v1.36.3 (linux/amd64)","objectRef":{"resource":"themes","name":"lemon"}}
{"stage":"ResponseComplete","verb":"upd`

func TestRead(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "audit.log")
	g.Expect(os.WriteFile(path, []byte(log), 0o600)).To(Succeed())

	var writes []audit.Write
	g.Expect(audit.Read(path, func(w audit.Write) { writes = append(writes, w) })).To(Succeed())

	g.Expect(writes).To(HaveExactElements(
		audit.Write{
			Time: time.Date(2026, 1, 1, 12, 0, 0, 5e8, time.UTC), By: "webhosting-operator-1",
			User: "system:serviceaccount:webhosting-system:webhosting-operator", Credential: "JTI=1",
			Verb: "patch", Resource: "websites/status", Object: "garden/herbs", Code: 200,
		},
		audit.Write{By: "webhosting-operator-0", Sharder: true, Verb: "patch", Resource: "websites", Object: "garden/herbs", Code: 409},
		audit.Write{By: "kubectl", Verb: "update", Resource: "themes", Object: "lemon"},
	))
}

func TestReadOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	NewWithT(t).Expect(audit.Read(path, func(audit.Write) { t.Fatal("there is nothing") })).To(Succeed())
}
