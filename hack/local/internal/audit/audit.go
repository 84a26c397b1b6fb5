// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package audit reads the audit log of the local cluster's API server: who wrote what, and when.
package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Write is one request that wrote something, or tried to.
type Write struct {
	Time time.Time `json:"time"`
	// By is the shard that sent the request, or the program if it is none.
	By string `json:"by"`
	// Sharder holds for what a shard wrote while it acted as the sharder.
	Sharder bool `json:"sharder,omitempty"`
	// User is whom the API server took it for.
	User string `json:"user"`
	// Credential names the token that the request came with, and so the process; empty for other ways to log in.
	Credential string `json:"credential,omitempty"`
	Verb       string `json:"verb"`
	// Resource is the plural, with the part that was written: websites, websites/status.
	Resource string `json:"resource"`
	// Object is namespace and name, or the name alone where there is no namespace.
	Object string `json:"object"`
	// Code is the one of HTTP: 409 for a conflict.
	Code int `json:"code"`
}

type event struct {
	Stage                    string    `json:"stage"`
	Verb                     string    `json:"verb"`
	UserAgent                string    `json:"userAgent"`
	RequestReceivedTimestamp time.Time `json:"requestReceivedTimestamp"`
	User                     struct {
		Username string              `json:"username"`
		Extra    map[string][]string `json:"extra"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// Read calls the function for every write in the log, from the oldest to the newest. A log that is not there yet has
// none. A line that is still being written is left out.
func Read(path string, each func(Write)) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the audit log: %w", err)
	}
	defer file.Close()
	reader := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the audit log: %w", err)
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("reading the audit log %s: %w", path, err)
		}
		if e.Stage == "ResponseComplete" {
			each(e.write())
		}
	}
}

func (e event) write() Write {
	write := Write{
		Time:     e.RequestReceivedTimestamp,
		User:     e.User.Username,
		Verb:     e.Verb,
		Resource: e.ObjectRef.Resource,
		Object:   e.ObjectRef.Name,
		Code:     e.ResponseStatus.Code,
	}
	write.By, write.Sharder = author(e.UserAgent)
	if credentials := e.User.Extra["authentication.kubernetes.io/credential-id"]; len(credentials) > 0 {
		write.Credential = credentials[0]
	}
	if e.ObjectRef.Subresource != "" {
		write.Resource += "/" + e.ObjectRef.Subresource
	}
	if e.ObjectRef.Namespace != "" {
		write.Object = e.ObjectRef.Namespace + "/" + e.ObjectRef.Name
	}
	return write
}

// author reads a user agent. A shard's one ends with "shard/NAME", followed by "sharder" where it acts as one.
func author(userAgent string) (by string, sharder bool) {
	words := strings.Fields(userAgent)
	if len(words) == 0 {
		return "", false
	}
	if last := len(words) - 1; words[last] == "sharder" {
		sharder, words = true, words[:last]
	}
	if len(words) == 0 {
		return "", sharder
	}
	if name, ok := strings.CutPrefix(words[len(words)-1], "shard/"); ok {
		return name, sharder
	}
	program, _, _ := strings.Cut(words[0], "/")
	return program, sharder
}
