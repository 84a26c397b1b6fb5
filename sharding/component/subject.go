// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"net/http"
	"strconv"
	"strings"
)

// subject is what a request to the API server is about, in the words of RBAC. What is about no resource, like the discovery
// of resources, has only a verb.
type subject struct {
	verb, group, resource, subresource string
}

// subjectOf reads the subject off the path, which is one of
//
//	/api/VERSION/[namespaces/NAMESPACE/]RESOURCE[/NAME[/SUBRESOURCE]]
//	/apis/GROUP/VERSION/[namespaces/NAMESPACE/]RESOURCE[/NAME[/SUBRESOURCE]]
//
// behind whatever prefix the API server has. The API server's own library for it would be a third of the program.
func subjectOf(request *http.Request) subject {
	none := subject{verb: strings.ToLower(request.Method)}
	var about subject
	path := request.URL.Path
	// Namespaces and objects may have the same names as the prefixes: the first one counts.
	beforeGroup, ofGroup, grouped := strings.Cut(path, "/apis/")
	beforeCore, ofCore, core := strings.Cut(path, "/api/")
	switch {
	case grouped && len(beforeGroup) <= len(beforeCore):
		about.group, path, _ = strings.Cut(ofGroup, "/")
	case core:
		path = ofCore
	default:
		return none
	}
	_, path, _ = strings.Cut(path, "/") // the version
	parts := strings.Split(strings.Trim(path, "/"), "/")
	// Namespaces are a resource, too, with two parts of their own.
	if parts[0] == "namespaces" && len(parts) > 2 && parts[2] != "status" && parts[2] != "finalize" {
		parts = parts[2:]
	}
	if about.resource = parts[0]; about.resource == "" {
		return none
	}
	if len(parts) > 2 {
		about.subresource = parts[2]
	}
	about.verb = verbOf(request, len(parts) > 1)
	return about
}

// verbOf returns the verb of a request about a resource, or about one object of it.
func verbOf(request *http.Request, one bool) string {
	switch request.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if one {
			return "delete"
		}
		return "deletecollection"
	}
	if watch, err := strconv.ParseBool(request.URL.Query().Get("watch")); err == nil && watch {
		return "watch"
	}
	if one {
		return "get"
	}
	return "list"
}
