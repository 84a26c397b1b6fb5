// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package evaluationtest makes the folder of a small evaluation, for tests.
package evaluationtest

import (
	"fmt"
	"strings"
	"testing/fstest"
)

const about = `{
"scenario": "basic", "scale": 0.1, "seed": 1, "begin": "2026-01-05T09:30:00Z", "scrapeIntervalSeconds": 5, "cpu": 0.25,
"command": "bin/local evaluate --scale 0.1", "setups": ["singleton", "dedicated"],
"machine": {"cores": 2, "cpu": "Some CPU", "os": "linux/amd64", "load": 0.1, "go": "go1.26.0", "kubernetes": "v1.36.3", "commit": "abc"}
}`

// Folder returns an evaluation of a singleton, and of two shards with the sharder apart. The second run is valid or not.
func Folder(valid bool) fstest.MapFS {
	folder := fstest.MapFS{"evaluation.json": file(about)}
	add := func(setup string, processes []string, shards, verdict string, cpu []float64) {
		folder[setup+"/load/result.json"] = file(fmt.Sprintf(`{
"begin": "2026-01-05T09:30:00Z", "end": "2026-01-05T09:32:00Z", %s,
"settings": {"create": "1.4"}, "versions": {"kubernetes": "v1.36.3"},
"load": [{"operation": "create", "promised": 10, "achieved": 10, "answered": {"count": 10, "p50Seconds": 0.004, "p99Seconds": 0.02}}],
"latencies": {"changeToReady": {"count": 10, "p50Seconds": 0.05, "p99Seconds": 1.5}, "createToReady": {"count": 10, "p50Seconds": 0.1, "p99Seconds": 0.2}},
"websites": {"total": 100, "ready": 100%s},
"capacity": [{"shards": 1, "changesPerSecond": 10, "conclusive": true}, {"shards": 2, "changesPerSecond": 19, "conclusive": false}]
}`, verdict, shards))
		overTime := []string{"time,component,instance,value"}
		inAll := []string{"time,component,instance,value"}
		requests := []string{"time,code,component,instance,resource,verb,value"}
		for i, process := range processes {
			component := "operator"
			if strings.HasPrefix(process, "sharder") {
				component = "sharder"
			}
			for minute := range 3 {
				overTime = append(overTime, fmt.Sprintf("2026-01-05T09:3%d:00.000Z,%s,%s,%g", minute, component, process, cpu[i]/100))
			}
			inAll = append(inAll, fmt.Sprintf("2026-01-05T09:32:00.000Z,%s,%s,%g", component, process, cpu[i]))
			for _, request := range []string{"200,%s,%s,websites,get,3", "200,%s,%s,websites,patch,5", "409,%s,%s,websites,patch,1", "200,%s,%s,leases,update,9"} {
				requests = append(requests, "2026-01-05T09:32:00.000Z,"+fmt.Sprintf(request, component, process))
			}
		}
		folder[setup+"/metrics/cpu.csv"] = table(overTime)
		folder[setup+"/metrics/cpu-seconds.csv"] = table(inAll)
		folder[setup+"/metrics/requests.csv"] = table(requests)
		folder[setup+"/load/websites.csv"] = table([]string{
			"time,shard,websites", "2026-01-05T09:30:00Z,,2", "2026-01-05T09:31:00.5Z,a,30", "2026-01-05T09:31:00.5Z,b,31",
		})
		folder[setup+"/load/distribution.csv"] = table([]string{
			"measure,part,seconds", "changeToReady,0.5,0.05", "changeToReady,1,1.5", "createToReady,1,0.2",
		})
	}
	add("singleton", []string{"webhosting-operator"}, "", `"valid": true`, []float64{20})
	verdict := `"valid": true`
	if !valid {
		verdict = `"valid": false, "reasons": ["only 7 of 10 were created", "the disk was full"]`
	}
	add("dedicated", []string{"sharder-0", "webhosting-operator-0", "webhosting-operator-1"},
		`, "shards": {"a": 51, "b": 49}, "maxToMean": 1.02`, verdict, []float64{0.5, 11, 10})
	return folder
}

// AddProfile adds the flame graph of an instance.
func AddProfile(folder fstest.MapFS, page string) {
	folder["singleton/profiles/profiles.json"] = file(`[{"instance": "webhosting-operator", "kind": "cpu", "file": "cpu.html"}]`)
	folder["singleton/profiles/cpu.html"] = file(page)
}

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }

func table(lines []string) *fstest.MapFile { return file(strings.Join(lines, "\n") + "\n") }
