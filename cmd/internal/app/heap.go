package app

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// A gateway holds little and makes much garbage: with Go's own setting a flood spends a quarter
// of its CPU on collecting. So the heap may grow to heapGrowth percent beyond what lives in it,
// as long as all of it stays below heapMost and three quarters of what the container may use;
// from there on the collector works harder.
const (
	heapGrowth = 200
	heapMost   = 1 << 30
	// memoryMax is what a cgroup (version 2) may use; "max" without a limit.
	memoryMax = "/sys/fs/cgroup/memory.max"
)

// TuneHeap trades memory for CPU, once at the start of a process that serves. What the
// environment says with GOGC and GOMEMLIMIT stands.
func TuneHeap() {
	if _, own := os.LookupEnv("GOGC"); !own {
		debug.SetGCPercent(heapGrowth)
	}
	if _, own := os.LookupEnv("GOMEMLIMIT"); !own {
		text, _ := os.ReadFile(memoryMax) // not there: no limit
		debug.SetMemoryLimit(heapLimit(string(text)))
	}
}

// heapLimit is the limit for a process whose cgroup says that.
func heapLimit(memoryMax string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(memoryMax), 10, 64)
	if err != nil || n <= 0 {
		return heapMost
	}
	return min(heapMost, n/4*3)
}
