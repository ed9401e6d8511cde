package service

import "github.com/plugin-ipc/netipc/codec/link"

// NewClientOf is NewClient for a method that is more than its type: one that has something to remember. The client
// calls m from whichever goroutine makes a call.
func NewClientOf[Req, View any, M Method[Req, View]](d link.Dialer, cfg Config, m M) *Client[Req, View, M] {
	c := NewClient[Req, View, M](d, cfg)
	c.m = m
	return c
}
