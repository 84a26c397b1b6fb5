// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheusv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
	"github.com/spf13/pflag"
)

// options are the flags.
type options struct {
	prometheus     string
	httpConfigFile string
	from, to       string
	last           time.Duration
	step           time.Duration
	outputDir      string
	prefix         string
	output         string

	start, end time.Time
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.prometheus, "prometheus", "http://127.0.0.1:9090", "`URL` of Prometheus")
	flags.StringVar(&o.httpConfigFile, "http-config", "",
		"`file` that says how to connect to it: credentials, certificates, proxies, as in Prometheus' own configuration of clients")
	flags.StringVar(&o.from, "start", "", "`time` that the range begins at, as in RFC 3339")
	flags.StringVar(&o.to, "end", "", "`time` that it ends at; now if left out")
	flags.DurationVar(&o.last, "last", 0, "how long the range is, instead of --start")
	flags.DurationVar(&o.step, "step", 5*time.Second, "time between two values of a range")
	flags.StringVar(&o.outputDir, "output-dir", ".", "`folder` that the files are written to")
	flags.StringVar(&o.prefix, "prefix", "", "what the names of the files begin with")
	flags.StringVarP(&o.output, "output", "o", "", "json for a summary for programs")
}

// complete checks the flags, and fills in the time range.
func (o *options) complete(now time.Time) error {
	var err error
	if o.end = now; o.to != "" {
		if o.end, err = time.Parse(time.RFC3339, o.to); err != nil {
			return fmt.Errorf("--end: %q is no time like 2026-01-05T09:30:00Z", o.to)
		}
	}
	switch {
	case o.from != "" && o.last != 0:
		return errors.New("--start and --last both say where the range begins: leave one out")
	case o.from == "" && o.last == 0:
		return errors.New("--start or --last has to say where the range begins")
	case o.last < 0:
		return fmt.Errorf("--last: it must be more than 0, not %s", o.last)
	case o.from != "":
		if o.start, err = time.Parse(time.RFC3339, o.from); err != nil {
			return fmt.Errorf("--start: %q is no time like 2026-01-05T09:30:00Z", o.from)
		}
	default:
		o.start = o.end.Add(-o.last)
	}
	switch {
	case !o.start.Before(o.end):
		return fmt.Errorf("the range must begin before it ends: not %s to %s", o.start.Format(time.RFC3339), o.end.Format(time.RFC3339))
	case o.step <= 0:
		return fmt.Errorf("--step: it must be more than 0, not %s", o.step)
	case o.output != "" && o.output != "json":
		return fmt.Errorf("--output: unknown format %q: it is json, or left out", o.output)
	case strings.ContainsAny(o.prefix, `/\`):
		return fmt.Errorf("--prefix: %q is the beginning of a path: the folder is --output-dir", o.prefix)
	}
	if address, err := url.Parse(o.prometheus); err != nil || address.Host == "" || !strings.HasPrefix(address.Scheme, "http") {
		return fmt.Errorf("--prometheus: %q is no URL like http://127.0.0.1:9090", o.prometheus)
	}
	return nil
}

func (o *options) connect() (prometheusv1.API, error) {
	client := &http.Client{}
	if o.httpConfigFile != "" {
		httpConfig, _, err := config.LoadHTTPConfigFile(o.httpConfigFile)
		if err != nil {
			return nil, fmt.Errorf("--http-config: reading %s: %w", o.httpConfigFile, err)
		}
		if client, err = config.NewClientFromConfig(*httpConfig, name); err != nil {
			return nil, fmt.Errorf("--http-config: %s: %w", o.httpConfigFile, err)
		}
	}
	prometheus, err := api.NewClient(api.Config{Address: o.prometheus, Client: client})
	if err != nil {
		return nil, fmt.Errorf("--prometheus: %w", err)
	}
	return prometheusv1.NewAPI(prometheus), nil
}
