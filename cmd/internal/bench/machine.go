package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// machine notes on what and how it was measured.
func (b *bench) machine(ctx context.Context, short bool, busy string, took time.Duration) {
	model := "unknown processor"
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo") // Linux only
	for line := range strings.Lines(string(cpuinfo)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	redisVersion := "no Redis"
	for _, k := range b.stores {
		p, err := k.make()
		if err != nil {
			continue
		}
		if p.redis != nil {
			if v, err := p.info(ctx, "server", "redis_version"); err == nil {
				redisVersion = "Redis " + v
			}
		}
		p.drop()
	}
	size := "full sizes"
	if short {
		size = "-short"
	}
	b.report.note(fmt.Sprintf("Machine: %d cores of %s, %s/%s, %s, %s; one fsync of 4 KB takes %s (median). Load, gateway, provider and store share these cores. Load average before the run: %s. %s, %s.",
		runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, runtime.Version(), redisVersion, b.fsync(), busy, size, took.Round(time.Second)))
}

// fsync is what a durable write of a page costs on the disk below dir.
func (b *bench) fsync() string {
	f, err := os.Create(filepath.Join(b.dir, "fsync"))
	if err != nil {
		return "an unknown time"
	}
	defer func() { _ = f.Close() }() // it holds nothing
	var times []float64
	page := make([]byte, 4096)
	for range 200 {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			return "an unknown time"
		}
		if err := f.Sync(); err != nil {
			return "an unknown time"
		}
		times = append(times, float64(time.Since(began)))
	}
	return fmt.Sprintf("%.0f µs", median(times)/1000)
}

// loadAverage is that of the last minute: what else the machine does.
func loadAverage() string {
	data, _ := os.ReadFile("/proc/loadavg") // Linux only
	average, _, ok := strings.Cut(string(data), " ")
	if !ok {
		return "unknown"
	}
	return average
}
