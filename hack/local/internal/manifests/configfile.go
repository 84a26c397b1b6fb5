// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ConfigFile returns the configuration file that a Deployment among the objects is given first: the one of its overlay.
func ConfigFile(objects []*unstructured.Unstructured, deploymentName string) ([]byte, error) {
	files, err := ConfigFiles(objects, deploymentName)
	if err != nil {
		return nil, err
	}
	return files[0], nil
}

// ConfigFiles returns the configuration files that a Deployment among the objects is given, at least one, in the order in
// which they are laid on top of each other: the keys of the ConfigMaps that the arguments --config name, in the volumes
// that are mounted there.
func ConfigFiles(objects []*unstructured.Unstructured, deploymentName string) ([][]byte, error) {
	deployment := Find(objects, "Deployment", deploymentName)
	if deployment == nil {
		return nil, fmt.Errorf("the manifests have no Deployment %s", deploymentName)
	}
	var files [][]byte
	for _, file := range configArguments(deployment) {
		content, err := mounted(objects, deployment, file)
		if err != nil {
			return nil, err
		}
		files = append(files, content)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no container of the Deployment %s has an argument --config=FILE", deploymentName)
	}
	return files, nil
}

// mounted returns the content of a file that a ConfigMap among the objects puts into the Deployment's pods.
func mounted(objects []*unstructured.Unstructured, deployment *unstructured.Unstructured, file string) ([]byte, error) {
	name, err := configMapName(deployment, path.Dir(file))
	if err != nil {
		return nil, err
	}
	configMap := Find(objects, "ConfigMap", name)
	if configMap == nil {
		return nil, fmt.Errorf("the manifests have no ConfigMap %s, which the Deployment %s mounts", name, deployment.GetName())
	}
	content, ok, err := unstructured.NestedString(configMap.Object, "data", path.Base(file))
	if err != nil || !ok {
		return nil, fmt.Errorf("the ConfigMap %s has no key %s, which the Deployment %s reads", name, path.Base(file), deployment.GetName())
	}
	return []byte(content), nil
}

func containers(deployment *unstructured.Unstructured) []map[string]any {
	items, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	return fields(items)
}

func configArguments(deployment *unstructured.Unstructured) []string {
	var files []string
	for _, container := range containers(deployment) {
		arguments, _, _ := unstructured.NestedStringSlice(container, "args")
		for _, argument := range arguments {
			if file, ok := strings.CutPrefix(argument, "--config="); ok {
				files = append(files, file)
			}
		}
	}
	return files
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
