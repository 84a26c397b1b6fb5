// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/examples/checksum/controller"
)

// What the command in the documentation of Checksum prints.
func TestChecksum(t *testing.T) {
	for name, test := range map[string]struct {
		data map[string][]byte
		want string
	}{
		"nothing":    {nil, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}, // {}
		"empty":      {map[string][]byte{}, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
		"two values": {map[string][]byte{"user": []byte("me"), "password": []byte("x<y")}, "af441d8c1c9b0a5f0f65edec3064991866c87a087e0cfa5770ed86373c7a5ab2"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(controller.Checksum(test.data)).To(Equal(test.want))
		})
	}
}

func TestChecksumTellsKeysFromValues(t *testing.T) {
	g := NewWithT(t)
	seen := map[string]map[string][]byte{}
	for _, data := range []map[string][]byte{
		{"a": []byte("b")}, {"b": []byte("a")}, {"ab": nil}, {"a": []byte("b"), "c": nil}, {"a": nil, "b": nil}, {"a": []byte(`b","c":"`)},
	} {
		sum, err := controller.Checksum(data)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(seen).NotTo(HaveKey(sum), "%v", data)
		seen[sum] = data
	}
}

func TestReduceKeepsNothingOfASecretButItsChecksum(t *testing.T) {
	g := NewWithT(t)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: "database", UID: "1", Labels: map[string]string{"a": "b"},
			Annotations: map[string]string{"kubectl.kubernetes.io/last-applied-configuration": `{"data":{"password":"eDx5"}}`},
		},
		Data: map[string][]byte{"user": []byte("me"), "password": []byte("x<y")},
	}
	want := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "database", UID: "1", Labels: map[string]string{"a": "b"}},
		Data:       map[string][]byte{"": []byte("af441d8c1c9b0a5f0f65edec3064991866c87a087e0cfa5770ed86373c7a5ab2")},
	}
	g.Expect(controller.Reduce(secret)).To(Equal(want))
	g.Expect(controller.Reduce(want.DeepCopy())).To(Equal(want), "once more, as caches may do")
}

func TestReduceLeavesOtherObjectsAlone(t *testing.T) {
	g := NewWithT(t)
	configMap := &corev1.ConfigMap{Data: map[string]string{"a": "b"}}
	g.Expect(controller.Reduce(configMap.DeepCopy())).To(Equal(configMap))
}
