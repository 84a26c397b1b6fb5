// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"os"
	"reflect"
	"testing"

	. "github.com/onsi/gomega"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/config/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig/configtest"
)

// TestEveryFieldIsDocumented compares the types with the table of fields in the documentation.
func TestEveryFieldIsDocumented(t *testing.T) {
	g := NewWithT(t)
	document, err := os.ReadFile("../../../../docs/configuration.md")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(configtest.DocumentedPaths(string(document), "The sharder")).
		To(ConsistOf(configtest.FieldPaths(reflect.TypeFor[configv1alpha1.SharderConfig]())))
}
