// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package queue_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/queue"
)

var end = time.Unix(1_000_000, 0)

// serve returns a Prometheus that answers each query so.
func serve(t *testing.T, code int, result string, query *string) *queue.Prometheus {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if query != nil {
			*query = r.FormValue("query") + " at " + r.FormValue("time")
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, result)
	}))
	t.Cleanup(server.Close)
	prometheus, err := queue.New(server.URL)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return prometheus
}

func TestP99(t *testing.T) {
	g := NewWithT(t)
	var query string
	p := serve(t, http.StatusOK, `{"metric":{},"value":[1,"0.25"]}`, &query)
	g.Expect(p.P99(t.Context(), end, 30*time.Second)).To(Equal(0.25))
	g.Expect(query).To(And(ContainSubstring(`{name="website"}[30s]`), HaveSuffix("at 1000000")))
}

func TestReconciles(t *testing.T) {
	g := NewWithT(t)
	var query string
	p := serve(t, http.StatusOK, `{"metric":{},"value":[1,"12"]}`, &query)
	g.Expect(p.Reconciles(t.Context(), 30*time.Second)).To(Equal(12.0))
	g.Expect(query).To(ContainSubstring(`controller_runtime_reconcile_total{controller="website"}[30s]`))
}

func TestWhatPrometheusDoesNotKnowIsAnError(t *testing.T) {
	for name, result := range map[string]string{"nothing": "", "no traffic": `{"metric":{},"value":[1,"NaN"]}`} {
		t.Run(name, func(t *testing.T) {
			_, err := serve(t, http.StatusOK, result, nil).P99(t.Context(), end, time.Minute)
			NewWithT(t).Expect(err).To(MatchError(MatchRegexp("nothing (in Prometheus|was in the queues)")))
		})
	}
	_, err := serve(t, http.StatusBadGateway, "", nil).P99(t.Context(), end, time.Minute)
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("asking Prometheus")))
}

func TestItIsCheckedThatThereIsSomethingToAsk(t *testing.T) {
	g := NewWithT(t)
	var query string
	g.Expect(serve(t, http.StatusOK, `{"metric":{},"value":[1,"3"]}`, &query).Check(t.Context())).To(Succeed())
	g.Expect(query).To(ContainSubstring("workqueue_queue_duration_seconds_count"))
	g.Expect(serve(t, http.StatusOK, "", nil).Check(t.Context())).To(MatchError(ContainSubstring("does it scrape the operator's instances?")))
	g.Expect(serve(t, http.StatusBadGateway, "", nil).Check(t.Context())).To(MatchError(ContainSubstring("asking Prometheus")))
}

func TestAddressesAreChecked(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:9090", "ftp://a", "http://"} {
		_, err := queue.New(address)
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring("http://127.0.0.1:9090")), address)
	}
}
