// Package redis breaks Redis below a gateway in every way that a real one breaks. It holds
// tests only; the stage is package lab.
package redis
