// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package componentconfig

import (
	"net"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateBindAddress returns what is wrong with the address of a server.
func ValidateBindAddress(address string, path *field.Path) field.ErrorList {
	if address == "0" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return field.ErrorList{field.Invalid(path, address,
			`must be "host:port" or ":port" with a port number from 0 to 65535, or "0" to serve nothing`)}
	}
	return nil
}

// IsAnyFreePort says whether the address leaves the port to the kernel or serves nothing, so that two servers may have
// the same.
func IsAnyFreePort(address string) bool {
	return address == "0" || strings.HasSuffix(address, ":0")
}
