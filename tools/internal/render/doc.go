// Package render writes what commands have to say: tables for people, JSON, NDJSON and CSV for programs.
//
// Names and paths come from elsewhere and may hold any byte. In what people look at, everything that is not
// printable is written as \xNN (Escape), so no name can move a cursor, hide a line or turn its direction. JSON
// stays JSON, and in it such characters are written as \uNNNN. CSV is for programs and holds the bytes as they are.
package render
