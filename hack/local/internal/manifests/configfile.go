// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ConfigFile returns the configuration file that a Deployment among the objects is given: the key of the ConfigMap that
// the argument --config names, in the volume that is mounted there.
func ConfigFile(objects []*unstructured.Unstructured, deploymentName string) ([]byte, error) {
	deployment := Find(objects, "Deployment", deploymentName)
	if deployment == nil {
		return nil, fmt.Errorf("the manifests have no Deployment %s", deploymentName)
	}
	file, err := configArgument(deployment)
	if err != nil {
		return nil, err
	}
	name, err := configMapName(deployment, path.Dir(file))
	if err != nil {
		return nil, err
	}
	configMap := Find(objects, "ConfigMap", name)
	if configMap == nil {
		return nil, fmt.Errorf("the manifests have no ConfigMap %s, which the Deployment %s mounts", name, deploymentName)
	}
	content, ok, err := unstructured.NestedString(configMap.Object, "data", path.Base(file))
	if err != nil || !ok {
		return nil, fmt.Errorf("the ConfigMap %s has no key %s, which the Deployment %s reads", name, path.Base(file), deploymentName)
	}
	return []byte(content), nil
}

func containers(deployment *unstructured.Unstructured) []map[string]any {
	items, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	return fields(items)
}

func configArgument(deployment *unstructured.Unstructured) (string, error) {
	for _, container := range containers(deployment) {
		arguments, _, _ := unstructured.NestedStringSlice(container, "args")
		for _, argument := range arguments {
			if file, ok := strings.CutPrefix(argument, "--config="); ok {
				return file, nil
			}
		}
	}
	return "", fmt.Errorf("no container of the Deployment %s has an argument --config=FILE", deployment.GetName())
}

func configMapName(deployment *unstructured.Unstructured, folder string) (string, error) {
	for _, container := range containers(deployment) {
		mounts, _, _ := unstructured.NestedSlice(container, "volumeMounts")
		for _, mount := range fields(mounts) {
			if mount["mountPath"] != folder {
				continue
			}
			volumes, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "volumes")
			for _, volume := range fields(volumes) {
				if name, ok, _ := unstructured.NestedString(volume, "configMap", "name"); ok && volume["name"] == mount["name"] {
					return name, nil
				}
			}
		}
	}
	return "", fmt.Errorf("the Deployment %s mounts no ConfigMap at %s", deployment.GetName(), folder)
}

func fields(items []any) []map[string]any {
	var all []map[string]any
	for _, item := range items {
		if one, ok := item.(map[string]any); ok {
			all = append(all, one)
		}
	}
	return all
}
