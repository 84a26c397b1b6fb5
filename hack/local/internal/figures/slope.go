// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package figures

// Slope is by how much y grows for each 1 that x grows, by least squares; 0 if there are not two different x.
func Slope(x, y []float64) float64 {
	count := float64(len(x))
	var sumX, sumY, sumXX, sumXY float64
	for i := range x {
		sumX, sumY = sumX+x[i], sumY+y[i]
		sumXX, sumXY = sumXX+x[i]*x[i], sumXY+x[i]*y[i]
	}
	divisor := count*sumXX - sumX*sumX
	if divisor == 0 {
		return 0
	}
	return (count*sumXY - sumX*sumY) / divisor
}
