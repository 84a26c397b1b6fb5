// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// tokenLifetime is how long a token is valid. It is replaced after half of it.
const tokenLifetime = time.Hour

// tokenFile is read anew by the instance's client every now and then.
func tokenFile(folder string) string { return filepath.Join(folder, "token") }

// WriteToken asks for a token of the instance's service account, writes it to the instance's folder, and returns when to
// write the next one.
func WriteToken(ctx context.Context, c checkout.Checkout, instance supervisor.Instance) (time.Time, error) {
	config, err := kube.Config(c.Kubeconfig())
	if err != nil {
		return time.Time{}, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return time.Time{}, fmt.Errorf("asking for a token: %w", err)
	}
	seconds := int64(tokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	namespace, name, _ := strings.Cut(instance.ServiceAccount, "/")
	issued, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return time.Time{}, fmt.Errorf("asking for a token of the service account %s: %w", instance.ServiceAccount, err)
	}
	err = statefile.Replace(tokenFile(instance.Folder), []byte(issued.Status.Token), 0o600)
	return issued.Status.ExpirationTimestamp.Add(-tokenLifetime / 2), err
}

// writeKubeconfig writes the kubeconfig of an instance, and returns its content.
func writeKubeconfig(c checkout.Checkout, folder string) ([]byte, error) {
	config, err := kube.Config(c.Kubeconfig())
	if err != nil {
		return nil, err
	}
	if err := rest.LoadTLSFiles(config); err != nil {
		return nil, fmt.Errorf("reading the cluster's certificates: %w", err)
	}
	content, err := clientcmd.Write(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{
			"local": {Server: config.Host, CertificateAuthorityData: config.CAData},
		},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"instance": {TokenFile: tokenFile(folder)}},
		Contexts:       map[string]*clientcmdapi.Context{"local": {Cluster: "local", AuthInfo: "instance"}},
		CurrentContext: "local",
	})
	if err != nil {
		return nil, fmt.Errorf("writing a kubeconfig: %w", err)
	}
	return content, statefile.Replace(filepath.Join(folder, "kubeconfig"), content, 0o600)
}
