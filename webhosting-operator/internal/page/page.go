// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package page renders the two files that make a website: the page itself and the configuration of the nginx that
// serves it.
//
// Both files belong into one directory, which nginx takes as its prefix: in a pod that is /etc/nginx, where the nginx
// images look for nginx.conf; elsewhere `nginx -p DIR -c nginx.conf` serves the same files. nginx needs no privileges
// and writes below /tmp only.
//
// The package renders what it is given and knows nothing of themes, clusters or mounts.
package page

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Names of the rendered files.
const (
	IndexHTML = "index.html"
	NginxConf = "nginx.conf"
)

const (
	// Port is where nginx listens.
	Port = 8080
	// HealthPath is where nginx answers 200 to everybody, without a line in its log.
	HealthPath = "/healthz"
)

// Input is what distinguishes one website's files from another's. The zero value is not valid.
type Input struct {
	// Namespace and Name are the website's; the page is served under /<namespace>/<name> as well as under /.
	Namespace, Name string
	// ServerName is shown on the page: the name of the objects that serve the website.
	ServerName string
	// Color is a CSS colour: a name or #rgb, #rrggbb or #rrggbbaa. Where it is none of these, the page is grey.
	Color string
	// FontFamily is a list of font families as in CSS, the first one preferred, with or without quotes. May be empty.
	FontFamily string
}

// Files is what a website is made of, by the names IndexHTML and NginxConf.
type Files map[string]string

// Render returns the files for the input. The same input always gives the same files. It is an error if Namespace or
// Name is no DNS label: both become part of nginx's configuration, and of a path of which nginx compares no more than
// 255 bytes.
func Render(in Input) (Files, error) {
	if messages := validation.IsDNS1123Label(in.Namespace); len(messages) > 0 {
		return nil, fmt.Errorf("invalid namespace %q: %s", in.Namespace, messages[0])
	}
	if messages := validation.IsDNS1123Label(in.Name); len(messages) > 0 {
		return nil, fmt.Errorf("invalid name %q: %s", in.Name, messages[0])
	}
	html := renderIndex(in)
	conf, err := renderNginx(in, html)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", NginxConf, err)
	}
	return Files{IndexHTML: html, NginxConf: conf}, nil
}
