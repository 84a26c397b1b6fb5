// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

//go:embed templates/nginx.conf.tmpl
var nginxTemplate string

// renderNginx fills the template. Namespace and name are DNS labels, which are harmless in nginx's configuration.
func renderNginx(in Input, html string) (string, error) {
	hash, err := styleHash(html)
	if err != nil {
		return "", err
	}
	return strings.NewReplacer(
		"{{namespace}}", in.Namespace,
		"{{name}}", in.Name,
		"{{port}}", strconv.Itoa(Port),
		"{{health-path}}", HealthPath,
		"{{style-hash}}", hash,
	).Replace(nginxTemplate), nil
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
