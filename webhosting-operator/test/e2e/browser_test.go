// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// expectDrawn has a headless Chromium draw the page, keeps the picture, and compares the colour of its lower left corner.
func expectDrawn(ctx context.Context, address, color string) {
	GinkgoHelper()
	program := chromium()
	folder := GinkgoT().TempDir()
	picture := filepath.Join(folder, "page.png")
	arguments := []string{
		"--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
		"--user-data-dir=" + filepath.Join(folder, "profile"), "--window-size=1280,800", "--screenshot=" + picture,
	}
	if os.Geteuid() == 0 {
		arguments = append(arguments, "--no-sandbox") // it refuses to run as root otherwise
	}
	var content []byte
	Eventually(ctx, func(g Gomega) { // it may hang on a busy machine
		drawing, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		output, err := exec.CommandContext(drawing, program, append(arguments, address)...).CombinedOutput()
		g.Expect(err).NotTo(HaveOccurred(), string(output))
		content, err = os.ReadFile(picture)
		g.Expect(err).NotTo(HaveOccurred(), string(output))
	}).Should(Succeed())
	drawn, err := png.Decode(bytes.NewReader(content))
	Expect(err).NotTo(HaveOccurred())
	corner := drawn.Bounds()
	r, g, b, _ := drawn.At(corner.Min.X+2, corner.Max.Y-3).RGBA()
	note("screenshot", "%s", filepath.Base(writeOutput("e2e-website.png", content)))
	Expect(fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)).To(Equal(color))
}

// chromium returns where the browser is, or else ends the spec: loudly, since what passes is not read. With
// REQUIRE_NGINX_CHROMIUM=true the spec fails instead.
func chromium() string {
	GinkgoHelper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const message = "it needs chromium (apt-get install chromium fonts-dejavu-core, or brew install --cask google-chrome)"
	if os.Getenv("REQUIRE_NGINX_CHROMIUM") == "true" {
		Fail(message)
	}
	skip(message)
	return ""
}
