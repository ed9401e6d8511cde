// Package vectortest locates and reads recorded vectors: bytes that deployed peers were seen to send, to accept
// and to refuse. They are not part of the repository; tests compare with them where they are.
//
// A directory of vectors has some of the subdirectories codec, oracle, derive, negotiation, shm and transcripts.
// Their files hold rows: a JSON array (.json), an object a line (.jsonl), either one perhaps compressed (.gz);
// or one JSON document that the test takes apart itself. How many rows a file has at least is written in the
// README.md of the directory or in a manifest.json beside it, which maps "codec/hello.json" to a number: a test
// that judges fewer rows than that has not judged the file.
//
// The directory is the one that the environment variable NETIPC_VECTORS names, of which only what is there is
// judged; else shared/vectors beside the repository, which must be complete.
//
// The package is for tests and uses the standard library only.
package vectortest
