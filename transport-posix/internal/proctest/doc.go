// Package proctest gives tests a second process: the test binary runs again and plays a role. What cannot be
// shown within one process, locks that die with their owner and what a killed server leaves, is tested so.
//
//	func TestMain(m *testing.M) {
//		proctest.Play(map[string]func(){"server": func() { ...; proctest.Say("ready"); proctest.Hear() }})
//		os.Exit(m.Run())
//	}
//
//	p := proctest.Start(t, "server", dir)
//	p.Await("ready")
//	p.Kill9()
//
// Both sides talk in lines and wait for them, so no test has to sleep. A process does not outlive its test.
package proctest
