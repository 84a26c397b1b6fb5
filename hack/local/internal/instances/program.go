// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
)

// program is one of the programs that instances run, and what they have in common.
type program struct {
	binary    string
	account   string // NAMESPACE/NAME
	instances []string
	// config returns the content of the configuration file of an instance with that port for its webhook.
	config func(webhookPort int) ([]byte, error)
	// nameFlag is the flag by which an instance gets its name, if it needs one.
	nameFlag string
	webhook  bool
}

func (p Plan) programs() []program {
	ofOperator := program{
		binary:    operator.Binary(p.Checkout),
		account:   operator.Namespace + "/" + operator.Name,
		instances: p.Mode.Instances(p.Shards),
		config:    func(int) ([]byte, error) { return p.Config, nil },
	}
	if p.Mode.Shares() {
		ofOperator.nameFlag = "--shard-name"
	}
	if p.Mode != operator.Dedicated {
		return []program{ofOperator}
	}
	return []program{ofOperator, {
		binary:    sharder.Binary(p.Checkout),
		account:   sharder.Namespace + "/" + sharder.Name,
		instances: sharder.Instances(),
		config:    func(port int) ([]byte, error) { return sharder.Config(p.SharderConfig, port) },
		webhook:   true,
	}}
}
