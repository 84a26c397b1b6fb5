// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// surroundings are in every scenario.
var surroundings = []Parameter{
	{Name: "themes", Help: "themes", Default: 50, Unit: Count, Scaling: Root},
	{Name: "projects", Help: "projects, each a namespace", Default: 20, Unit: Count, Scaling: Root},
}

// changes are in the scenarios in which each website changes now and then.
var changes = []Parameter{
	{Name: "changeEvery", Help: "how often each website is changed", Default: 60, Unit: Duration},
	{Name: "changeMax", Help: "changes of websites, at most", Default: 100, Unit: PerSecond, Scaling: Linear},
}

// websites is in every scenario.
func websites(count float64) []Parameter {
	return []Parameter{{Name: "websites", Help: "websites that are there before the load begins", Default: count, Unit: Count, Scaling: Linear}}
}

func parameters(groups ...[]Parameter) []Parameter {
	var all []Parameter
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

func changing(s Settings) map[result.Operation]Rate {
	rate := Constant(s["changeMax"])
	rate.Each = s.duration("changeEvery")
	return map[result.Operation]Rate{result.Change: rate}
}

// once returns the rate of something that is done once in a while; 0: never.
func once(every time.Duration) Rate {
	if every <= 0 {
		return Rate{}
	}
	return Constant(1 / every.Seconds())
}

var basic = Scenario{
	Name:    "basic",
	Summary: "websites come and go, each is changed once a minute, now and then a theme; then their number is held",
	Parameters: parameters(surroundings, websites(0), changes, []Parameter{
		{Name: "create", Help: "websites created", Default: 14, Unit: PerSecond, Scaling: Root},
		{Name: "delete", Help: "websites deleted", Default: 1, Unit: PerSecond, Scaling: Root},
		{Name: "changeThemeEvery", Help: "how often a theme is changed", Default: 60, Unit: Duration},
		{Name: "fill", Help: "how long websites come and go", Default: 600, Unit: Duration, Scaling: Root},
		{Name: "hold", Help: "how long their number is held", Default: 300, Unit: Duration, Scaling: Root},
		{Name: "idle", Help: "how long nothing is done in the end", Unit: Duration},
	}),
	plan: func(s Settings) Plan {
		hold := changing(s)
		hold[result.ChangeTheme] = once(s.duration("changeThemeEvery"))
		fill := changing(s)
		fill[result.ChangeTheme] = hold[result.ChangeTheme]
		fill[result.Create], fill[result.Delete] = Constant(s["create"]), Constant(s["delete"])
		phases := []Phase{
			{Name: "fill", Duration: s.duration("fill"), Rates: fill},
			{Name: "hold", Duration: s.duration("hold"), Rates: hold},
		}
		if idle := s.duration("idle"); idle > 0 {
			phases = append(phases, Phase{Name: "idle", Duration: idle})
		}
		return Plan{Themes: s.count("themes"), Projects: s.count("projects"), Websites: s.count("websites"), Phases: phases}
	},
}

var reconcile = Scenario{
	Name:    "reconcile",
	Summary: "always the same websites, which are changed more and more often",
	Parameters: parameters(surroundings, websites(5000), []Parameter{
		{Name: "changeFrom", Help: "changes of websites in the beginning", Default: 0, Unit: PerSecond, Scaling: Root},
		{Name: "changeTo", Help: "changes of websites in the end", Default: 100, Unit: PerSecond, Scaling: Root},
		{Name: "rise", Help: "how long the rate rises", Default: 600, Unit: Duration, Scaling: Root},
		{Name: "hold", Help: "how long the highest rate is held", Default: 120, Unit: Duration, Scaling: Root},
	}),
	plan: func(s Settings) Plan {
		change := func(from, to string) map[result.Operation]Rate {
			return map[result.Operation]Rate{result.Change: {From: s[from], To: s[to]}}
		}
		return Plan{Themes: s.count("themes"), Projects: s.count("projects"), Websites: s.count("websites"), Phases: []Phase{
			{Name: "rise", Duration: s.duration("rise"), Rates: change("changeFrom", "changeTo")},
			{Name: "hold", Duration: s.duration("hold"), Rates: change("changeTo", "changeTo")},
		}}
	},
}

var rollingUpdate = Scenario{
	Name:       "rolling-update",
	Summary:    "all shards are restarted one after the other while each website is changed once a minute",
	NeedsFleet: true,
	Parameters: parameters(surroundings, websites(5000), changes, []Parameter{
		{Name: "steady", Help: "how long nothing happens to the shards before and after", Default: 120, Unit: Duration, Scaling: Root},
		{Name: "update", Help: "how long the part with the restarts is, at least", Default: 300, Unit: Duration, Scaling: Root},
	}),
	plan: func(s Settings) Plan {
		return Plan{Themes: s.count("themes"), Projects: s.count("projects"), Websites: s.count("websites"), Phases: []Phase{
			{Name: "steady", Duration: s.duration("steady"), Rates: changing(s)},
			{Name: "update", Duration: s.duration("update"), Rates: changing(s), Disruption: &Disruption{Restart: true}},
			{Name: "after", Duration: s.duration("steady"), Rates: changing(s)},
		}}
	},
}

var chaos = Scenario{
	Name:       "chaos",
	Summary:    "every so often a shard is killed and stays down for a while, while each website is changed once a minute",
	NeedsFleet: true,
	Parameters: parameters(surroundings, websites(5000), changes, []Parameter{
		{Name: "steady", Help: "how long nothing happens to the shards before and after", Default: 120, Unit: Duration, Scaling: Root},
		{Name: "chaos", Help: "how long shards are killed", Default: 600, Unit: Duration, Scaling: Root},
		{Name: "killEvery", Help: "how often a shard is killed", Default: 60, Unit: Duration},
		{Name: "downFor", Help: "how long it stays down (in a cluster, it is replaced at once)", Default: 30, Unit: Duration},
	}),
	plan: func(s Settings) Plan {
		return Plan{Themes: s.count("themes"), Projects: s.count("projects"), Websites: s.count("websites"), Phases: []Phase{
			{Name: "steady", Duration: s.duration("steady"), Rates: changing(s)},
			{Name: "chaos", Duration: s.duration("chaos"), Rates: changing(s), Disruption: &Disruption{
				Kill: s.duration("killEvery"), Restore: s.duration("downFor"),
			}},
			{Name: "after", Duration: s.duration("steady"), Rates: changing(s)},
		}}
	},
}

var scaleOut = Scenario{
	Name:        "scale-out",
	Summary:     "the highest rate of changes at which the objectives hold, with one shard, two, and so on",
	NeedsFleet:  true,
	NeedsQueues: true,
	Parameters: parameters(surroundings, websites(5000), []Parameter{
		{Name: "shards", Help: "the highest number of shards", Default: 5, Unit: Count},
		{Name: "quiet", Help: "how long nothing must have been reconciled before the first rate is tried", Default: 30, Unit: Duration},
		{Name: "settle", Help: "how long a rate goes on before it is measured", Default: 15, Unit: Duration},
		{Name: "window", Help: "how long a rate is measured", Default: 60, Unit: Duration},
		{Name: "start", Help: "the rate of changes that is tried first", Default: 10, Unit: PerSecond, Scaling: Root},
		{Name: "limit", Help: "the highest rate of changes that is tried", Default: 1000, Unit: PerSecond},
		{Name: "growth", Help: "from one rate to the next", Default: 1.5, Unit: Factor},
		{Name: "precision", Help: "how near to the capacity the search ends, as a part of it", Default: 0.1, Unit: Factor},
		{Name: "queueP99", Help: "objective: time in the queues, 99th percentile", Default: 1, Unit: Duration},
		{Name: "readyP99", Help: "objective: from a change until Ready, 99th percentile", Default: 5, Unit: Duration},
	}),
	plan: func(s Settings) Plan {
		return Plan{Themes: s.count("themes"), Projects: s.count("projects"), Websites: s.count("websites"), Capacity: &Capacity{
			Shards: s.count("shards"), Quiet: s.duration("quiet"), Settle: s.duration("settle"), Window: s.duration("window"),
			Start: s["start"], Limit: s["limit"], Growth: s["growth"], Precision: s["precision"],
			QueueP99: s.duration("queueP99"), ReadyP99: s.duration("readyP99"),
		}}
	},
}
