// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

func TestInstances(t *testing.T) {
	g := NewWithT(t)
	g.Expect(operator.Sharded.Instances(2)).To(Equal([]string{"webhosting-operator-0", "webhosting-operator-1"}))
	g.Expect(operator.Dedicated.Instances(2)).To(Equal([]string{"webhosting-operator-0", "webhosting-operator-1"}))
	g.Expect(operator.Singleton.Instances(2)).To(Equal([]string{"webhosting-operator"}))
}
