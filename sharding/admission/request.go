// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"bytes"
	"errors"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// request is what the handler reads of an AdmissionReview. The names are those of admission.k8s.io/v1.
type request struct {
	is                     bool // whether there is a request at all
	uid                    string
	operation, subResource string
	resource               schema.GroupResource
	name, namespace        string
	object                 object
}

// object is what the handler reads of an object.
type object struct {
	is              bool // whether there is one, and
	hasMetadata     bool // whether it has metadata, and
	hasLabels       bool // whether these have labels, if only an empty map, and
	hasOwners       bool // owner references, if only an empty list
	name, namespace string
	labels          map[string]string      // those that belong to the sharding of any ring
	controller      *metav1.OwnerReference // apiVersion, kind and name of the first owner with controller=true
}

// readRequest reads the JSON of an AdmissionReview, in one pass that keeps nothing else of it in memory. All of it is
// checked, as encoding/json would do it, its depth included.
//
// With an error comes what was read until then, so that the answer can still say what it answers.
func readRequest(body io.Reader) (request, error) {
	var r request
	d := newDecoder(body)
	defer d.free()
	err := d.members(func(name []byte) error {
		if string(name) == "request" {
			return d.request(&r)
		}
		return d.json.SkipValue()
	})
	if err == nil {
		err = d.end()
	}
	if err == nil && !r.is {
		err = errors.New("the review holds no request")
	}
	return r, err
}

func (d *decoder) request(r *request) error {
	if err := d.once(&r.is); err != nil {
		return err
	}
	return d.members(func(name []byte) error {
		switch string(name) {
		case "uid":
			return d.string(&r.uid)
		case "operation":
			return d.string(&r.operation)
		case "resource":
			return d.resource(&r.resource)
		case "subResource":
			return d.string(&r.subResource)
		case "name":
			return d.string(&r.name)
		case "namespace":
			return d.string(&r.namespace)
		case "object":
			return d.object(&r.object)
		}
		return d.json.SkipValue()
	})
}

func (d *decoder) resource(r *schema.GroupResource) error {
	return d.members(func(name []byte) error {
		switch string(name) {
		case "group":
			return d.string(&r.Group)
		case "resource":
			return d.string(&r.Resource)
		}
		return d.json.SkipValue()
	})
}

func (d *decoder) object(o *object) error {
	if err := d.once(&o.is); err != nil {
		return err
	}
	return d.members(func(name []byte) error {
		if string(name) == "metadata" {
			return d.metadata(o)
		}
		return d.json.SkipValue()
	})
}

func (d *decoder) metadata(o *object) error {
	if err := d.once(&o.hasMetadata); err != nil {
		return err
	}
	return d.members(func(name []byte) error {
		switch string(name) {
		case "name":
			return d.string(&o.name)
		case "namespace":
			return d.string(&o.namespace)
		case "labels":
			return d.labels(o)
		case "ownerReferences":
			return d.owners(o)
		}
		return d.json.SkipValue()
	})
}

func (d *decoder) labels(o *object) error {
	if err := d.once(&o.hasLabels); err != nil {
		return err
	}
	return d.members(func(name []byte) error {
		if !bytes.HasPrefix(name, []byte(shardingv1alpha1.LabelPrefixShard)) && !bytes.HasPrefix(name, []byte(shardingv1alpha1.LabelPrefixDrain)) {
			_, err := d.text()
			return err
		}
		key, value := string(name), ""
		if _, found := o.labels[key]; found {
			return errTwice
		}
		if err := d.string(&value); err != nil {
			return err
		}
		if o.labels == nil {
			o.labels = map[string]string{}
		}
		o.labels[key] = value
		return nil
	})
}

func (d *decoder) owners(o *object) error {
	if err := d.once(&o.hasOwners); err != nil {
		return err
	}
	return d.elements(func() error {
		var owner metav1.OwnerReference
		err := d.members(func(name []byte) error {
			switch string(name) {
			case "apiVersion":
				return d.string(&owner.APIVersion)
			case "kind":
				return d.string(&owner.Kind)
			case "name":
				return d.string(&owner.Name)
			case "controller":
				return d.bool(&owner.Controller)
			}
			return d.json.SkipValue()
		})
		if o.controller == nil && owner.Controller != nil && *owner.Controller {
			o.controller = &owner
		}
		return err
	})
}
