// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/test/freeport"
)

// nobody is the user that nginx runs as where the tests have all privileges, so that it has none.
const nobody = 65534

// serve runs nginx on the rendered files and returns its URL. Only the port and the place of its temporary files differ
// from what runs in a pod.
func serve(t *testing.T, in page.Input) (url string) {
	t.Helper()
	g := NewWithT(t)
	program := nginxProgram.path(t)
	files, err := page.Render(in)
	g.Expect(err).NotTo(HaveOccurred())

	prefix, tmp, address := t.TempDir(), t.TempDir(), freeport.Address()
	conf := replace(t, files[page.NginxConf], fmt.Sprintf(" %d;", page.Port), " "+address+";")
	conf = replace(t, conf, " /tmp/", " "+tmp+"/")
	g.Expect(os.WriteFile(filepath.Join(prefix, page.NginxConf), []byte(conf), 0o644)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(prefix, page.IndexHTML), []byte(files[page.IndexHTML]), 0o644)).To(Succeed())

	log, err := os.Create(filepath.Join(tmp, "log"))
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = log.Close() })
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command(program, append([]string{"-e", "stderr", "-p", prefix, "-c", page.NginxConf}, args...)...)
		cmd.Stdout, cmd.Stderr = log, log
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			g.Expect(os.Chmod(filepath.Dir(tmp), 0o755)).To(Succeed())
			g.Expect(os.Chown(tmp, nobody, nobody)).To(Succeed())
			g.Expect(log.Chown(nobody, nobody)).To(Succeed())
		}
		return cmd
	}
	t.Cleanup(func() {
		if t.Failed() {
			content, err := os.ReadFile(log.Name())
			t.Logf("log of nginx: %s %v", content, err)
		}
	})
	g.Expect(command("-t").Run()).To(Succeed())

	server := command("-g", "daemon off;")
	g.Expect(server.Start()).To(Succeed())
	t.Cleanup(func() {
		g.Expect(server.Process.Signal(syscall.SIGTERM)).To(Succeed())
		g.Expect(server.Wait()).To(Succeed())
		g.Expect(os.ReadDir(prefix)).To(HaveLen(2), "nothing but temporary files is written")
	})
	url = "http://" + address
	g.Eventually(func() error {
		response, err := http.Get(url + page.HealthPath)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}, 10*time.Second, 10*time.Millisecond).Should(Succeed())
	return url
}

func replace(t *testing.T, s, old, replacement string) string {
	t.Helper()
	NewWithT(t).Expect(s).To(ContainSubstring(old))
	return strings.ReplaceAll(s, old, replacement)
}
