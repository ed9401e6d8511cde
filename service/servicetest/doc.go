// Package servicetest is for testing code that calls services, and code that offers them, without an operating
// system in between. An Endpoint is a place in memory where a real server serves real clients; a Script makes
// the transport between them fail as it is told: dials that fail or are refused, sessions that break after so
// many answers, answers that are held back or are nonsense. A Script works over any transport.
//
// Nothing here sleeps or reads the clock, so all of it works in the bubbles of testing/synctest.
package servicetest
