// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package population

var adjectives = []string{
	"amber", "bold", "brisk", "calm", "clear", "cosy", "crisp", "early", "fair", "fond", "gentle", "golden", "green", "happy",
	"honest", "humble", "keen", "kind", "late", "light", "lively", "lucky", "merry", "mild", "neat", "noble", "old", "plain",
	"proud", "quick", "quiet", "rare", "red", "rich", "round", "sharp", "shy", "silent", "small", "smart", "soft", "steady",
	"sunny", "sweet", "tidy", "vivid", "warm", "wide", "wild", "young",
}

var nouns = []string{
	"apple", "arch", "bakery", "barn", "bay", "bench", "bird", "boat", "brook", "cabin", "candle", "cedar", "cloud", "coast",
	"dawn", "dove", "elm", "fern", "field", "finch", "forge", "fox", "garden", "gate", "grove", "harbor", "hill", "island",
	"kiln", "lake", "lamp", "leaf", "lodge", "maple", "market", "meadow", "mill", "moon", "oak", "orchard", "otter", "pine",
	"pond", "press", "river", "sail", "shed", "shop", "stone", "studio", "tower", "trail", "valley", "willow",
}

var fonts = []string{
	"Arial, sans-serif", "Baskerville, Georgia, serif", "Courier New, monospace", "Futura, Trebuchet MS, sans-serif",
	"Georgia, serif", "Gill Sans, Optima, sans-serif", "Helvetica Neue, Arial, sans-serif", "Palatino, Georgia, serif",
	"Times New Roman, serif", "Trebuchet MS, sans-serif", "Verdana, Geneva, sans-serif", "system-ui, sans-serif",
}
