// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"strings"
	"text/template"
)

//go:embed templates/nginx.conf.tmpl
var nginxSource string

var nginxTemplate = template.Must(template.New(NginxConf).Parse(nginxSource))

type nginx struct {
	Input
	Port                  int
	HealthPath, StyleHash string
}

func renderNginx(in Input, html string) (string, error) {
	hash, err := styleHash(html)
	if err != nil {
		return "", err
	}
	var conf strings.Builder
	err = nginxTemplate.Execute(&conf, nginx{Input: in, Port: Port, HealthPath: HealthPath, StyleHash: hash})
	return conf.String(), err
}

// styleHash returns the hash by which a content security policy allows the page's own style sheet and no other.
func styleHash(html string) (string, error) {
	_, rest, opened := strings.Cut(html, "<style>")
	style, _, closed := strings.Cut(rest, "</style>")
	if !opened || !closed {
		return "", errors.New("the page has no style sheet")
	}
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), nil
}
