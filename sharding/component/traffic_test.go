// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// counted returns the value of a counter with exactly these labels, in the order of their names; 0 if it is not there.
func counted(t *testing.T, name, labels string) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name && labelsOf(metric) == labels {
				return metric.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func labelsOf(metric *dto.Metric) string {
	var labels []string
	for _, label := range metric.GetLabel() {
		labels = append(labels, label.GetName()+"="+label.GetValue())
	}
	return strings.Join(labels, ",")
}

func clientOf(t *testing.T, url string) *kubernetes.Clientset {
	t.Helper()
	g := NewWithT(t)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(kubeconfig, fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "%s"}}]
contexts: [{name: c, context: {cluster: c}}]
current-context: c
`, url), 0o600)).To(Succeed())
	config, err := component.RestConfig(&componentconfig.ClientConnection{Kubeconfig: kubeconfig, QPS: -1}, "test/v1")
	g.Expect(err).NotTo(HaveOccurred())
	config.ContentConfig = rest.ContentConfig{}
	client, err := kubernetes.NewForConfig(config)
	g.Expect(err).NotTo(HaveOccurred())
	return client
}

func TestTrafficIsCountedByWhatItIsAbout(t *testing.T) {
	g := NewWithT(t)
	const event = `{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"}}}` + "\n"
	const refusal = `{"kind":"Status","apiVersion":"v1","code":409}`
	more, done := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body)
		writer.Header().Set("Content-Type", "application/json")
		switch {
		case request.FormValue("watch") != "":
			fmt.Fprint(writer, event)
			writer.(http.Flusher).Flush()
			<-more
			fmt.Fprint(writer, event)
			writer.(http.Flusher).Flush()
			<-done
		case request.Method == http.MethodPatch:
			writer.WriteHeader(http.StatusConflict)
			fmt.Fprint(writer, refusal)
		}
	}))
	defer server.Close()
	defer close(done)
	client := clientOf(t, server.URL)

	_, err := client.AppsV1().Deployments("x").Patch(t.Context(), "a", "application/merge-patch+json", []byte(`{"a":1}`), metav1.PatchOptions{}, "status")
	g.Expect(err).To(HaveOccurred())
	g.Expect(counted(t, "rest_client_resource_requests_total", "code=409,group=apps,resource=deployments,subresource=status,verb=patch")).To(Equal(1.0))
	g.Expect(counted(t, "rest_client_sent_bytes_total", "group=apps,resource=deployments,verb=patch")).To(Equal(7.0))
	g.Expect(counted(t, "rest_client_received_bytes_total", "group=apps,resource=deployments,verb=patch")).To(BeEquivalentTo(len(refusal)))

	watch, err := client.CoreV1().ConfigMaps("x").Watch(t.Context(), metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	defer watch.Stop()
	received := func() float64 {
		return counted(t, "rest_client_received_bytes_total", "group=,resource=configmaps,verb=watch")
	}
	g.Eventually(received, time.Minute).Should(BeEquivalentTo(len(event)), "while the watch is open")
	g.Eventually(watch.ResultChan(), time.Minute).Should(Receive())
	close(more)
	g.Eventually(received, time.Minute).Should(BeEquivalentTo(2 * len(event)))
	g.Expect(counted(t, "rest_client_resource_requests_total", "code=200,group=,resource=configmaps,subresource=,verb=watch")).To(Equal(1.0))
}

func TestRequestsWithoutAnAnswerAreCounted(t *testing.T) {
	g := NewWithT(t)
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client := clientOf(t, server.URL)
	_, err := client.CoreV1().Pods("x").List(t.Context(), metav1.ListOptions{})
	g.Expect(err).To(HaveOccurred())
	g.Expect(counted(t, "rest_client_resource_requests_total", "code=,group=,resource=pods,subresource=,verb=list")).To(Equal(1.0))
}
