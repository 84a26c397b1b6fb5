// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ingressclass

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

// annotationClass named the class of an Ingress before there were IngressClasses, and still does for some controllers.
const annotationClass = "kubernetes.io/ingress.class"

// Settings are those of the operator that name a class.
type Settings struct {
	// ClassName is empty if the choice is left to the cluster.
	ClassName string `json:"ingressClassName"`
	// Annotations are those of every Ingress.
	Annotations map[string]string `json:"annotations"`
}

func (s Settings) annotated() bool { return s.Annotations[annotationClass] != "" }

// SettingsOf reads the operator's configuration files, of which later ones are laid on top of earlier ones.
func SettingsOf(files [][]byte) (Settings, error) {
	var content struct {
		Ingress Settings `json:"ingress"`
	}
	for _, file := range files {
		if err := yaml.Unmarshal(file, &content); err != nil {
			return Settings{}, fmt.Errorf("reading the operator's configuration: %w", err)
		}
	}
	return content.Ingress, nil
}
